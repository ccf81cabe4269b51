-- Who asked it to stop, to pause or to go on: its target is told that person, not whoever asked for the run.
alter table runs
  add column abort_requested_by_key text,
  add column wish_by                text,
  add column wish_by_key            text,
  add column wish_by_name           text;

-- Why each run of a chain starts in spite of a freeze.
alter table chains add column override text;

-- The file of a result, from when it is uploaded until it is shown: shown once, whoever dies in between.
alter table fanouts add column result_file text;
