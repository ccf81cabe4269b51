-- Questions of pipelines whether they may deploy: held until a person of the right role, or the deadline, answers.
create table gates (
  id              bigint generated always as identity primary key,
  number          integer not null unique,
  key             text not null,             -- what makes a repeated question the same one
  service         text not null,
  environment     text not null,
  version         text not null,
  author          text,                      -- as the pipeline wrote it
  author_key      text,                      -- the person of the catalogue whom it means
  url             text,
  requirements    jsonb not null default '[]',
  probes          jsonb not null default '{}',   -- name -> {ok, said, at}: what each answered last
  state           text not null check (state in ('held', 'approved', 'refused')),
  because         text not null,             -- one sentence
  code            text not null check (code in ('waits', 'approved', 'met', 'rejected', 'timeout', 'superseded', 'withdrawn')),
  role            text,                      -- whose word is needed; null: whoever has the grant
  by_itself       boolean not null,          -- opens when all requirements are met
  channel         text not null,
  mention         text,
  asked_at        timestamptz not null,
  expires_at      timestamptz not null,
  decided_at      timestamptz,
  decided_by      text,                      -- actor id
  decided_by_key  text,
  decided_by_name text,
  superseded_by   integer                    -- number of the gate that took its place
);
create index gates_key on gates (key, id desc);
create index gates_place on gates (service, environment) where state = 'held';
create index gates_held on gates (id desc) where state = 'held';
insert into counters values ('gate', 0);

-- A gate's card is the first message of a thread of its own.
alter table slack_threads drop constraint slack_threads_subject_check;
alter table slack_threads add constraint slack_threads_subject_check check (subject in ('incident', 'run', 'gate'));
alter table slack_former_roots drop constraint slack_former_roots_subject_check;
alter table slack_former_roots add constraint slack_former_roots_subject_check check (subject in ('incident', 'run', 'gate'));
