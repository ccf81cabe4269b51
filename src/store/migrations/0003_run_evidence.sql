-- What a run needs to be carried out honestly: how often the step at hand was tried, when the target was first seen
-- without it, what of an abort was sent, and whether a message that may be another execution's was heard.
alter table runs
  add column step_attempts     integer not null default 0,
  add column ended_seen_at     timestamptz,   -- first look at which the target no longer ran it, its end not yet known
  add column start_heard_at    timestamptz,   -- a "started" message was taken for this run's
  add column retry_at          timestamptz,   -- retry_wait: not before
  add column end_ambiguous_at  timestamptz,   -- an end was heard that may be this run's or another execution's
  add column abort_sent        text check (abort_sent in ('soft', 'hard'));

-- 'ended': seen to be over, how is not known.
alter table observed_executions drop constraint observed_executions_state_check;
alter table observed_executions
  add constraint observed_executions_state_check check (state in ('running', 'succeeded', 'failed', 'ended')),
  add column ambiguous_ends integer not null default 0;

-- The same request, delivered again, is asked the same question again.
alter table confirmations add column request_key text unique;

create function keep_terminal_runs() returns trigger language plpgsql as $$
begin
  if old.state in ('refused', 'rejected', 'expired', 'withdrawn', 'succeeded', 'failed', 'aborted') and new.state <> old.state then
    raise exception 'run % is % and stays so', old.number, old.state using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger runs_terminal before update on runs for each row execute function keep_terminal_runs();
