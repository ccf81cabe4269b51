-- When something last came into a dead-letter queue or went out of it: where nothing moves, it is looked at less often.
alter table dead_letter_queues add column changed_at timestamptz;
