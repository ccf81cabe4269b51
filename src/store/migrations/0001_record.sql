-- Nightdesk's record. Instants are timestamptz and always written by Nightdesk (domain time unless a comment says
-- machine time): no default and no statement calls now(), because a drill moves domain time.

create table counters (
  name  text primary key,
  value integer not null
);
insert into counters values ('incident', 0), ('run', 0);

-- What arrived, as it arrived. Saved before it is answered.
create table inbox (
  id            bigint generated always as identity primary key,
  source        text not null,             -- a name of the catalogue's sources, or 'slack'
  delivery_key  text not null,
  resource      text,                      -- the vendor's header that says what it is (Sentry-Hook-Resource, …)
  request       jsonb not null,            -- method, path, query and the headers that the source asked to keep
  body          text not null,             -- raw; blanked after the retention time
  received_at   timestamptz not null,
  state         text not null default 'pending' check (state in ('pending', 'done', 'ignored', 'refused')),
  reason        text,                      -- of 'ignored' and 'refused', for an operator
  attempts      integer not null default 0,
  not_before    timestamptz,               -- machine time: back-off after a failure of ours
  processed_at  timestamptz,
  unique (source, delivery_key)
);
create index inbox_pending on inbox (id) where state = 'pending';
create index inbox_refused on inbox (id) where state = 'refused';

-- What could not be authenticated: counted, hash and sender kept, never the body.
create table unauthenticated (
  id          bigint generated always as identity primary key,
  source      text not null,
  sender      text not null,
  body_sha256 text not null,
  reason      text not null,
  received_at timestamptz not null
);
create index unauthenticated_received on unauthenticated (received_at);
create table unauthenticated_counts (
  day    date not null,
  source text not null,
  reason text not null,
  count  bigint not null,
  primary key (day, source, reason)
);

create table incidents (
  id               bigint generated always as identity primary key,
  number           integer not null unique,
  status           text not null check (status in ('open', 'acknowledged', 'mitigated', 'resolved')),
  severity         text not null check (severity in ('sev1', 'sev2', 'sev3', 'sev4')),
  title            text not null,
  environment      text,
  services         text[] not null default '{}',
  jobs             text[] not null default '{}',
  owner            text,                   -- actor id
  owner_key        text,
  owner_name       text,
  opened_by        text not null,          -- actor id
  folding_rule     text,                   -- null: opened by hand
  folding_key      text,
  signal_count     integer not null default 0,
  firing_count     integer not null default 0,
  rate             jsonb not null default '{}',   -- minute (epoch minutes) -> signals, for the sparkline
  channel          text not null,          -- name or id of the channel of its thread, as routed
  mention          text,                   -- group of the route
  opened_at        timestamptz not null,   -- when Nightdesk opened it
  first_seen_at    timestamptz not null,   -- when the earliest signal happened
  last_seen_at     timestamptz not null,
  acknowledged_at  timestamptz,
  mitigated_at     timestamptz,
  resolved_at      timestamptz,
  reopened_count   integer not null default 0,
  request_key      text unique,            -- of the command request that opened it by hand
  revision         integer not null default 1
);
create index incidents_folding on incidents (folding_rule, folding_key, id desc);
create index incidents_status on incidents (status, id desc);

create table runs (
  id                bigint generated always as identity primary key,
  number            integer not null unique,
  intent_key        text not null unique,
  kind              text not null default 'run',
  job               text not null,
  environment       text not null,
  target            text not null,
  parameters        jsonb not null default '{}',
  version           text,
  state             text not null,
  state_since       timestamptz not null,
  requested_by      text not null,          -- actor id
  requested_by_key  text not null,
  requested_by_name text not null,
  requested_at      timestamptz not null,
  surface           text not null,          -- slash, mention, button, modal, api, cli
  incident_id       bigint references incidents,
  parent_id         bigint references runs,
  channel           text,                   -- where it was asked; a run outside an incident has its thread there
  fence             bigint,                 -- of its lease, while it holds one
  attempt           integer not null default 0,
  handle            jsonb,                  -- what the connector returned: scope, externalId, opaque
  cursor            jsonb,                  -- of the connector's observe
  start_called_at   timestamptz,            -- the intent to call start, saved before the call
  started_at        timestamptz,            -- by the target's word
  finished_at       timestamptz,
  progress          jsonb,                  -- {stage, stages, done, total, unit}
  error             jsonb,                  -- {kind, message}
  proof             jsonb,                  -- the evidence of a terminal state: {kind, text, at, …}
  proved            boolean not null default false,
  restored          boolean not null default false,
  abort_requested_at      timestamptz,
  abort_requested_by      text,
  abort_requested_by_name text,
  abort_reason            text,
  abort_deadline_at       timestamptz,
  revision          integer not null default 1    -- compare-and-set
);
create index runs_job on runs (job, environment, id desc);
create index runs_state on runs (state);
create index runs_incident on runs (incident_id);

create table run_events (
  id          bigint generated always as identity primary key,
  run_id      bigint not null references runs,
  at          timestamptz not null,
  from_state  text,
  to_state    text not null,
  actor       text not null,
  actor_key   text not null,
  actor_name  text not null,
  reason      text not null,
  evidence    jsonb
);
create index run_events_run on run_events (run_id, id);

-- One run a job and environment, from preparing to a terminal state. The fence only grows.
create table leases (
  job         text not null,
  environment text not null,
  run_id      bigint references runs,       -- null: free
  fence       bigint not null,
  acquired_at timestamptz,
  primary key (job, environment)
);

-- What a target was seen to do that Nightdesk did not start.
create table observed_executions (
  id          bigint generated always as identity primary key,
  job         text not null,
  environment text,                          -- null: one of several that share a channel
  environments text[] not null,
  rid         text,
  source      text not null,
  state       text not null check (state in ('running', 'succeeded', 'failed')),
  started_at  timestamptz,
  finished_at timestamptz,
  detail      text
);
create index observed_open on observed_executions (job) where state = 'running';

create table signals (
  id            bigint generated always as identity primary key,
  inbox_id      bigint references inbox,
  ordinal       integer not null default 0,
  source        text not null,
  kind          text not null,
  title         text not null,
  service       text,
  environment   text,
  environments  text[] not null default '{}',  -- candidates, when the sender cannot say which
  job           text,
  cause         text,
  severity      text,
  rid           text,
  tags          jsonb not null default '{}',
  counts        jsonb,
  error         text,
  url           text,
  at            timestamptz not null,
  received_at   timestamptz not null,
  incident_id   bigint references incidents,
  joined_by     jsonb,                         -- {rule, key, why}: the rule that joined it
  run_id        bigint references runs,
  unique (inbox_id, ordinal)
);
create index signals_incident on signals (incident_id, id);
create index signals_job on signals (job, id desc) where job is not null;

-- Append-only: a correction is a new entry that points to the old one. Only blanking is permitted (0001's trigger).
create table timeline_entries (
  id            bigint generated always as identity primary key,
  incident_id   bigint not null references incidents,
  kind          text not null,
  at            timestamptz not null,       -- when it happened
  learned_at    timestamptz not null,       -- when Nightdesk learned of it
  actor         text not null,
  actor_key     text not null,
  actor_name    text not null,
  text          text not null,              -- already redacted
  data          jsonb not null default '{}',
  visible       boolean not null default true,  -- posted as a reply in the thread; false: only counted or already there
  corrects      bigint references timeline_entries,
  change        text check (change in ('edit', 'delete', 'key', 'unkey')),
  request_key   text,                       -- of the command request that wrote it: written once however often it is carried out
  slack_ts      text,                       -- of the person's message it was captured from
  blanked_at    timestamptz
);
create unique index timeline_request on timeline_entries (request_key, kind) where request_key is not null;
create index timeline_incident on timeline_entries (incident_id, id);
create index timeline_slack on timeline_entries (slack_ts) where slack_ts is not null;

create table audit (
  id          bigint generated always as identity primary key,
  at          timestamptz not null,
  actor       text not null,
  actor_key   text not null,
  actor_name  text not null,
  action      text not null,                -- noun.verb
  outcome     text not null check (outcome in ('allowed', 'asked', 'denied')),
  reason      text not null,
  job         text,
  environment text,
  incident_id bigint,
  run_id      bigint,
  surface     text not null,
  details     jsonb not null default '{}'
);
create index audit_at on audit (id desc);

-- Work to be done, never a message's text. One row a thing; `generation` grows each time it is asked for again.
create table outbox (
  id            bigint generated always as identity primary key,
  kind          text not null,
  ref           bigint not null,
  generation    bigint not null default 1,
  due_at        timestamptz not null,
  not_before    timestamptz,                -- machine time: back-off, rate limits
  claimed_until timestamptz,                -- machine time
  claimed_by    text,
  attempts      integer not null default 0,
  last_error    text,
  unique (kind, ref)
);
create index outbox_due on outbox (due_at);

-- What people typed or pressed, kept before it is acknowledged; ends in exactly one answer.
create table command_requests (
  id            bigint generated always as identity primary key,
  key           text not null unique,       -- one request of one person, whatever is redelivered
  surface       text not null,
  actor         text not null,              -- actor id
  text          text not null,              -- the command in words
  context       jsonb not null,             -- channel, thread, incident, run, response_url, trigger's view, …
  requested_at  timestamptz not null,
  answer        jsonb,
  answered_at   timestamptz,                -- the answer is decided and kept
  delivered_at  timestamptz,                -- the person has it
  delivery      jsonb                       -- how, and what was tried
);

-- A question put to a person (typed confirmation, approval): bound to exactly what was asked.
create table confirmations (
  id            text primary key,
  kind          text not null,
  asked_of      text not null,              -- actor id
  request       jsonb not null,             -- what to do when confirmed
  expected      text,                       -- what has to be typed
  asked_at      timestamptz not null,
  expires_at    timestamptz not null,
  answered_at   timestamptz,
  outcome       text check (outcome in ('confirmed', 'declined', 'expired'))
);

create table slack_users (
  id          text primary key,
  handle      text not null,
  name        text not null,
  email       text,
  zone        text,
  is_bot      boolean not null,
  is_guest    boolean not null,
  is_foreign  boolean not null,             -- of another workspace
  is_deleted  boolean not null,
  fetched_at  timestamptz not null          -- machine time
);

create table slack_threads (
  id          bigint generated always as identity primary key,
  subject     text not null check (subject in ('incident', 'run')),
  subject_id  bigint not null,
  channel_id  text not null,
  root_ts     text not null,
  unique (subject, subject_id),
  unique (channel_id, root_ts)
);

-- What Nightdesk posted, by a key of its own, so that nothing is posted twice.
create table slack_posts (
  id           bigint generated always as identity primary key,
  key          text not null unique,        -- incident:7:header, entry:123, run:4:header, …
  channel_id   text not null,
  thread_ts    text,
  ts           text,                        -- null while it is not known to be there
  state        text not null check (state in ('sending', 'posted', 'gone')),
  content_hash text,
  sent_at      timestamptz not null,        -- machine time of the last attempt
  edited_at    timestamptz                  -- machine time of the last edit
);
create index slack_posts_ts on slack_posts (channel_id, ts);

create table exports (
  id           bigint generated always as identity primary key,
  incident_id  bigint not null references incidents,
  format       text not null,
  version      integer not null,
  sha256       text not null,
  url          text,
  path         text,
  actor        text not null,
  at           timestamptz not null,
  unique (incident_id, format, version)
);

create function keep_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'append-only: % of % is not permitted', tg_op, tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
create trigger run_events_append_only before update or delete on run_events for each row execute function keep_append_only();
create trigger audit_append_only before update or delete on audit for each row execute function keep_append_only();
create trigger timeline_no_delete before delete on timeline_entries for each row execute function keep_append_only();

create function keep_timeline() returns trigger language plpgsql as $$
begin
  if new.blanked_at is not null
     and (to_jsonb(new) - 'text' - 'data' - 'blanked_at') = (to_jsonb(old) - 'text' - 'data' - 'blanked_at') then
    return new;
  end if;
  raise exception 'append-only: a timeline entry may only be blanked' using errcode = 'integrity_constraint_violation';
end $$;
create trigger timeline_append_only before update on timeline_entries for each row execute function keep_timeline();
