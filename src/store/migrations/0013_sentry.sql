-- Sentry sources with an API: how far each was looked at.
create table sentry_looks (
  id           bigint generated always as identity primary key,  -- what the outbox names
  source       text not null unique,       -- its name in the catalogue
  since        timestamptz not null,       -- what changed before was looked at
  looked_at    timestamptz,                -- the last whole look
  failures     integer not null default 0, -- looks in a row that failed
  trouble      text                        -- why the last one did
);

-- What Nightdesk was told of an issue. It fires while it has not ended since it last fired.
create table sentry_issues (
  source       text not null,
  issue        text not null,              -- Sentry's id
  incident_id  bigint references incidents,  -- where it last fired
  fired_at     timestamptz not null,
  ended_at     timestamptz,
  checked_at   timestamptz,                -- when Sentry was last asked whether it goes on
  primary key (source, issue)
);
create index sentry_issues_firing on sentry_issues (source, checked_at) where ended_at is null or ended_at < fired_at;

-- Issues of nobody's that came back before Nightdesk was told of them: until when it is known that nothing was missed.
create table sentry_passed (
  source       text not null,
  issue        text not null,
  passed_at    timestamptz not null,
  primary key (source, issue)
);
create index sentry_passed_at on sentry_passed (passed_at);

-- What people asked of Sentry from a thread.
create table sentry_changes (
  id           bigint generated always as identity primary key,
  request_key  text not null unique,
  incident_id  bigint not null references incidents,
  action       text not null check (action in ('resolve', 'ignore', 'assign')),
  assignee     text,                       -- as Sentry takes it: an e-mail address
  assignee_name text,
  issues       jsonb not null,             -- [{source, issue, shortId, url, state: asked | done | failed, detail}]
  asked_by     text not null,
  asked_by_key text not null,
  asked_by_name text not null,
  asked_at     timestamptz not null,
  attempts     integer not null default 0,
  ended_at     timestamptz
);
create index sentry_changes_incident on sentry_changes (incident_id);
