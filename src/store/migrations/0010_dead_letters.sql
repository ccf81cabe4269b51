-- Dead-letter queues as they were last looked at, and redrives on a person's word.
create table dead_letter_queues (
  target      text primary key,
  queue       text,
  count       integer not null default 0,  -- by the queue's own word
  kept_for_ms bigint,                      -- null: the queue does not say
  level       integer not null default 0,  -- what people were told: 1 messages lie there, 2 half of the time is over, 3 three quarters
  looked_at   timestamptz not null,
  trouble     text                         -- why it could not be looked at
);
create table dead_letter_redrives (
  id                bigint generated always as identity primary key,
  request_key       text not null unique,
  target            text not null,
  per_second        double precision not null,
  attempts          integer not null default 0,  -- calls in a row that failed
  requested_by      text not null,
  requested_by_key  text not null,
  requested_by_name text not null,
  asked_at          timestamptz not null,
  ended_at          timestamptz
);
alter table dead_letters
  add column redrive_id bigint references dead_letter_redrives,
  add column fate       text;              -- what became of it, in words
