-- An incident may be found by several keys: its own first one, and those of signals that were held to be of its trouble.
create table incident_keys (
  rule        text not null,               -- folding rule and key, as a signal looks for its incident
  key         text not null,
  incident_id bigint not null references incidents,
  rest        text not null,               -- rule and key without the environment: what is locked while it is folded
  came_from   bigint references incidents, -- the incident that was merged into this one and brought it
  primary key (rule, key, incident_id)
);
create index incident_keys_incident on incident_keys (incident_id);
insert into incident_keys (rule, key, incident_id, rest)
select folding_rule, folding_key, id,
       folding_rule || '; ' || regexp_replace(folding_key, '(^|; )environment=[^;]*', '\1environment=*')
  from incidents where folding_rule is not null and folding_key is not null;

-- By what an incident is known to signals that no key leads to it: one row for each thing that fires in it.
create table incident_traces (
  id          bigint generated always as identity primary key,
  incident_id bigint not null references incidents,
  condition   text not null,
  place       text not null,               -- its environment, or all that it may be: nimdta|prod
  source      text not null,
  service     text,
  job         text,
  rid         text,
  cause       text,
  title       text not null,
  error       text,
  began_at    timestamptz not null,        -- the last time that it began, after a while without it
  last_at     timestamptz not null
);
create unique index incident_traces_what on incident_traces (incident_id, condition, coalesce(service, ''), coalesce(job, ''));
create index incident_traces_place on incident_traces (place, last_at desc);
insert into incident_traces (incident_id, condition, place, source, service, job, rid, cause, title, error, began_at, last_at)
select distinct on (signal.incident_id, signal.joined_by ->> 'condition', signal.service, signal.job)
       signal.incident_id, signal.joined_by ->> 'condition',
       coalesce(signal.environment, (select string_agg(one, '|' order by one) from unnest(signal.environments) as one), ''),
       signal.source, signal.service, signal.job, signal.rid, signal.cause, signal.title, left(signal.error, 1000),
       signal.at, signal.at
  from signals as signal
  join incidents on incidents.id = signal.incident_id and incidents.status <> 'resolved'
 where signal.kind in ('firing', 'failed') and signal.joined_by ->> 'condition' is not null
 order by signal.incident_id, signal.joined_by ->> 'condition', signal.service, signal.job, signal.id desc;

-- What people said is not of the same trouble: such signals go to the one, never again to the other.
create table incident_splits (
  id          bigint generated always as identity primary key,
  from_id     bigint not null references incidents,
  to_id       bigint not null references incidents,
  service     text,                        -- all that is given must hold
  job         text,
  cause       text,
  condition   text,
  at          timestamptz not null
);
create index incident_splits_from on incident_splits (from_id);
create index incident_splits_to on incident_splits (to_id);

-- A merged incident is closed: its history is read with that of the incident that it went into.
alter table incidents add column merged_into bigint references incidents;
create index incidents_merged on incidents (merged_into) where merged_into is not null;
-- While something changes to and fro: {"since", "changes", "last"} in epoch milliseconds.
alter table incidents add column flapping jsonb;
-- The incident that a signal came from with a merge, so that it can be taken out again.
alter table signals add column merged_from bigint references incidents;

-- Entries never change: that one is told with another incident since a split is a fact of its own. The newest counts.
create table timeline_moves (
  entry_id    bigint primary key references timeline_entries,
  incident_id bigint not null references incidents,
  moved_at    timestamptz not null
);
create index timeline_moves_incident on timeline_moves (incident_id);
