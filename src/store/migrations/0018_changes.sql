-- What was deployed, as senders told it. Two tellings of one deploy (a pipeline's and a channel's) are one row.
create table deploys (
  id           bigint generated always as identity primary key,
  source       text not null,               -- who told first
  told_as      text not null,               -- the sender's own id of it, or what else makes it one deploy
  signal_id    bigint references signals,   -- that told it first
  service      text,                        -- null: the sender did not say whose
  environment  text,
  environments text[] not null default '{}',  -- candidates, when the sender cannot say which
  version      text,
  sha          text,
  ref          text,
  repository   text,
  outcome      text not null check (outcome in ('started', 'succeeded', 'failed')),
  title        text not null,
  by_name      text,
  url          text,
  at           timestamptz not null,        -- the earliest moment that was told of it
  said_at      timestamptz not null,        -- of the telling that its outcome comes from
  learned_at   timestamptz not null
);
create unique index deploys_told on deploys (source, told_as, coalesce(service, ''), coalesce(environment, ''));
create index deploys_at on deploys (at);
create index deploys_place on deploys (service, said_at desc);

-- Deploys that may be why an incident began. A row that is no suspect any more keeps its place without a rank, so that its
-- line on the timeline is written once.
create table suspects (
  incident_id bigint not null references incidents,
  deploy_id   bigint not null references deploys,
  rank        integer,                      -- 1 is first; null: not any more
  depth       integer not null,             -- 0 on a service of the incident, 1 on what one of these depends on, and so on
  reason      text not null,
  told_at     timestamptz not null,         -- when it was first a suspect
  primary key (incident_id, deploy_id)
);
create index suspects_deploy on suspects (deploy_id);

-- What of an incident its suspects were last reckoned from.
create table suspect_bases (
  incident_id bigint primary key references incidents,
  basis       text not null
);

insert into deploys (source, told_as, signal_id, service, environment, environments, version, outcome, title, url, at,
                     said_at, learned_at)
select source, 'signal ' || id, id, service, environment, environments,
       coalesce(nullif(tags ->> 'version', ''), nullif(tags ->> 'revision', ''), nullif(tags ->> 'release', '')),
       'succeeded', title, url, at, at, received_at
  from signals
 where kind = 'deployed';
