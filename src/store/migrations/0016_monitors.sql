-- Expectations of when jobs start and finish, and of how old a follower's place may be.

-- One row a monitor of the catalogue, as it was last looked at. Locked by whoever judges it.
create table monitors (
  id              bigint generated always as identity unique,
  name            text primary key,
  digest          text not null,              -- of what the catalogue says of it: another one plans the coming slots anew
  known_at        timestamptz not null,       -- nothing before is judged
  planned_to      timestamptz not null,       -- slots up to here have their row
  state           text not null,
  since           timestamptz not null,       -- of the state
  next_at         timestamptz,                -- when it has to be looked at again
  snoozed_until   timestamptz,
  snoozed_by      text,                       -- actor id
  snoozed_by_name text,
  snoozed_because text,
  level           integer not null default 0, -- of a follower's place: 1 warn, 2 page, 3 lost
  level_since     timestamptz,                -- since when it is not well
  gone_at         timestamptz                 -- no longer in the catalogue
);

-- One row a monitor and time of its schedule, with its deadlines.
create table monitor_slots (
  id           bigint generated always as identity primary key,
  monitor      text not null references monitors,
  slot_at      timestamptz not null,
  start_by_at  timestamptz,
  finish_by_at timestamptz,
  before_at    timestamptz,                   -- the load that it must be ready for
  paused_since timestamptz,                   -- held by a freeze since; its deadlines move by as long as that lasts
  started_at   timestamptz,                   -- first start that was heard for it
  ended_at     timestamptz,                   -- first success
  closed_at    timestamptz,
  unique (monitor, slot_at)
);
create index monitor_slots_open on monitor_slots (monitor, slot_at) where closed_at is null;

-- An expectation that did not hold. Told once, when no quiet hours and no snooze hold it back.
create table monitor_problems (
  id        bigint generated always as identity primary key,
  monitor   text not null references monitors,
  key       text not null,                    -- what it is about: a slot and its start or end, one execution, a level
  state     text not null,
  title     text not null,
  severity  text,
  at        timestamptz not null,             -- the deadline
  found_at  timestamptz not null,
  told_at   timestamptz,
  ended_at  timestamptz,
  unique (monitor, key)
);
create index monitor_problems_open on monitor_problems (monitor) where ended_at is null;

-- Executions of watched jobs by what was heard of them, each timed by itself.
create table timed_executions (
  id           bigint generated always as identity primary key,
  job          text not null,
  environments text[] not null,               -- one, or those that share a channel
  rid          text,
  run_id       bigint unique references runs, -- it is one of ours: only its row count is here
  source       text not null,
  started_at   timestamptz,
  ended_at     timestamptz,
  outcome      text not null check (outcome in ('running', 'succeeded', 'failed', 'ended')),
  rows         bigint
);
create index timed_executions_job on timed_executions (job, id desc);

-- Where a follower stands in the log that it reads. Written where it is heard, only read by whoever judges it.
create table checkpoints (
  monitor        text primary key,
  place_at       timestamptz,                 -- null: it never said
  position       text,
  told_at        timestamptz,                 -- when it last said where it stands
  moved_at       timestamptz,                 -- when that last changed
  successes      integer not null default 0,  -- runs that succeeded since
  trouble        text,                        -- why it could not be asked
  polled_at      timestamptz
);
