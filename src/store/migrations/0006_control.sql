-- Job control: approvals and freezes, snapshots and restores, versions and pins, chains, fan-outs by reference, logs.

alter table runs
  -- kind: 'run', 'restore' (of its parent's snapshot), 'fanout' (ids by reference), 'compare' (ids of two sides)
  add constraint runs_kind check (kind in ('run', 'restore', 'fanout', 'compare')),
  add column because_asked      text,          -- the reason that was given, redacted
  add column bound_digest       text,          -- what approvals are bound to: job, environment, target, parameters, version
  add column approvals_needed   integer not null default 0,
  add column approvals_role     text,
  add column approvals_expire_at timestamptz,
  add column deferred_until     timestamptz,
  add column deferred_by        text,          -- the freeze's name
  add column freeze_override    jsonb,         -- {freeze, by, reason, until}
  add column snapshot           jsonb,         -- {ref, takenAt, evidence}: kept before the first destructive step
  add column restore_handle     jsonb,         -- of the restore that follows an abort
  add column restore_attempts   integer not null default 0,
  add column resume_of          jsonb,         -- the handle of the execution that is continued from where it failed
  add column pause_requested_at  timestamptz,
  add column resume_requested_at timestamptz,
  add column paused_ms          bigint not null default 0,
  add column abort_told_at      timestamptz,   -- machine time at which the target had answered the abort
  add column target_retry       jsonb,         -- the target's own retry: {number, of, nextAt}
  add column log_url            text,
  add column chain_id           bigint,
  add column chain_position     integer,
  add column pin_after_start    boolean not null default false;

-- One decision a person, about exactly what the digest says.
create table run_approvals (
  id         bigint generated always as identity primary key,
  run_id     bigint not null references runs,
  actor      text not null,                   -- actor id
  actor_key  text not null,
  actor_name text not null,
  decision   text not null check (decision in ('approved', 'rejected')),
  reason     text,
  digest     text not null,
  at         timestamptz not null,
  unique (run_id, actor)
);

-- Freezes that people made (/sync freeze); those of the catalogue stay in the catalogue.
create table freezes (
  id           bigint generated always as identity primary key,
  name         text not null,                 -- freeze-1, …: what people type
  mode         text not null check (mode in ('deny', 'allow')),
  jobs         text[] not null,
  environments text[] not null,
  cron         text,                          -- with for_ms: a window that comes back
  for_ms       bigint,
  zone         text not null,
  from_at      timestamptz not null,
  until_at     timestamptz,
  held         text not null check (held in ('refuse', 'defer')),
  because      text not null,
  actor        text not null,
  actor_key    text not null,
  actor_name   text not null,
  made_at      timestamptz not null,
  ended_at     timestamptz,
  ended_by     text,
  ended_because text,
  request_key  text unique
);
create unique index freezes_name on freezes (name);

-- A target's own schedule held at a version, until it is unpinned.
create table pins (
  id          bigint generated always as identity primary key,
  job         text not null,
  environment text not null,
  version     text not null,
  was         text,                           -- what the schedule pointed at before
  state       text not null check (state in ('setting', 'set', 'clearing', 'cleared', 'failed')),
  detail      text,
  actor       text not null,
  actor_key   text not null,
  actor_name  text not null,
  because     text,
  at          timestamptz not null,
  cleared_at  timestamptz,
  cleared_by  text,
  request_key text unique
);
create unique index pins_place on pins (job, environment) where state in ('setting', 'set', 'clearing');

-- Jobs one after the other; the next is asked of the guard when the one before has succeeded.
create table chains (
  id                bigint generated always as identity primary key,
  request_key       text not null unique,
  environment       text not null,
  jobs              text[] not null,
  next_position     integer not null default 1,
  state             text not null check (state in ('running', 'done', 'stopped')),
  said              text,                     -- why it stopped
  requested_by      text not null,
  requested_by_key  text not null,
  requested_by_name text not null,
  surface           text not null,
  channel           text,
  incident_id       bigint references incidents,
  asked_at          timestamptz not null
);
alter table runs add constraint runs_chain foreign key (chain_id) references chains;

-- The last lines of a target's log, secrets masked.
create table run_log_lines (
  run_id bigint not null references runs,
  seq    integer not null,
  at     timestamptz not null,
  line   text not null,
  primary key (run_id, seq)
);

-- Ids that were named in a file, a message or a command, kept until they are asked for: references, never data.
create table id_lists (
  id        text primary key,
  said      text not null,                    -- where they come from, in words
  actor     text not null,
  made_at   timestamptz not null
);
create table id_list_items (
  list_id text not null references id_lists on delete cascade,
  seq     integer not null,
  ref     text not null,
  primary key (list_id, seq)
);

-- A fan-out's ids and its chunks. A chunk is one call to the target; the queue carries the chunk's id.
create table run_chunks (
  id       bigint generated always as identity primary key,
  run_id   bigint not null references runs,
  seq      integer not null,
  first    integer not null,                  -- seq of its first and last item
  last     integer not null,
  state    text not null default 'pending' check (state in ('pending', 'asked', 'done', 'dropped')),
  attempts integer not null default 0,
  error    text,
  done_at  timestamptz,
  unique (run_id, seq)
);
create index run_chunks_open on run_chunks (run_id, seq) where state in ('pending', 'asked');
create table run_items (
  run_id  bigint not null references runs,
  seq     integer not null,
  ref     text not null,
  state   text not null default 'pending' check (state in ('pending', 'done', 'failed', 'missing', 'superseded', 'skipped')),
  detail  text,
  done_at timestamptz,
  primary key (run_id, seq)
);
create index run_items_state on run_items (run_id, state, seq);

-- What a fan-out is to do, beside the run's own row; what a comparison found is in run_items of the compare run.
create table fanouts (
  run_id     bigint primary key references runs,
  op         text not null check (op in ('resync', 'delete', 'compare')),
  said       text not null,                   -- where the ids come from, in words
  total      integer not null,
  batch      integer not null,
  parallel   integer not null,
  per_second double precision,                -- null: as fast as the target answers
  counts     jsonb not null default '{}',     -- state -> how many
  cursor     jsonb                            -- compare: how far both sides are read
);
-- Items a second of one target, whichever fan-out asks: when the next call may be made (domain time).
create table target_paces (
  target  text primary key,
  free_at timestamptz not null
);

-- Copies of what lies in a dead-letter queue, kept before the queue forgets it.
create table dead_letters (
  id          bigint generated always as identity primary key,
  target      text not null,
  queue       text not null,
  message_id  text not null,
  body        text not null,                  -- redacted
  attributes  jsonb not null default '{}',
  sent_at     timestamptz,
  seen_at     timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at  timestamptz,
  redriven_at timestamptz,
  redriven_by text,
  gone_at     timestamptz,
  unique (target, queue, message_id)
);
create index dead_letters_open on dead_letters (target, queue, id) where redriven_at is null and gone_at is null;
