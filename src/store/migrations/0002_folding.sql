-- What folding has to remember between two signals of an incident: which conditions fire, which are cleared, which were
-- shown (hash of the condition -> epoch milliseconds), and whether a person has the last word on the severity.
alter table incidents add column conditions jsonb not null default '{}';
alter table incidents add column severity_by_person boolean not null default false;

-- Delivery keys that are only a hash keep a repetition out for a while, not for ever.
create table delivery_keys (
  source text not null,
  key    text not null,
  since  timestamptz not null,
  until  timestamptz not null,
  primary key (source, key)
);
create index delivery_keys_until on delivery_keys (until);

-- A resolution that came before the alert it resolves waits here, unjoined.
create index signals_early_resolutions on signals ((joined_by ->> 'condition')) where incident_id is null and kind = 'resolved';
