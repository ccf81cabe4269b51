-- What a pin needs so that a crash between the call and its answer is settled by asking again.
alter table pins
  add column run_id          bigint references runs,  -- set with this run's start
  add column replaces        bigint references pins,  -- the pin that it took the place of; back if it fails
  add column clear_to        text,                    -- clearing: the version that the schedule is given
  add column clear_because   text,
  add column clear_key       text unique,             -- of the request that clears it
  add column cleared_by_name text;
create index pins_run on pins (run_id) where run_id is not null;

-- Where a chain was asked for, and why, so that the guard can be asked the same at each turn.
alter table chains
  add column channel_name text,
  add column because      text;
create index runs_chain on runs (chain_id, chain_position) where chain_id is not null;
