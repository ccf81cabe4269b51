-- Executions of a run that are over and were followed by another attempt: the next one is asked for under a key of its
-- own, since the target would answer the same key with the execution that has failed.
alter table runs add column executions_ended integer not null default 0;
