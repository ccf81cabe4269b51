-- What keeps Nightdesk within Slack's rates whichever process posts: one row a lane, all times machine time.
-- 'channel:C012' (one message a second), 'method:chat.update' (after a 429), 'slack' (while it is out).
create table slack_lanes (
  name      text primary key,
  free_at   timestamptz not null,
  failures  integer not null default 0      -- in a row: how long to stay away
);

alter table slack_posts
  add column gist_hash  text,               -- of what is worth an edit at once; counts may wait longer
  add column settle_at  timestamptz;        -- machine time: when a send whose outcome is not known may be looked for
create index slack_posts_thread on slack_posts (channel_id, thread_ts);

-- Threads whose first message was deleted and posted anew: people may still write in the old one.
create table slack_former_roots (
  channel_id  text not null,
  root_ts     text not null,
  subject     text not null check (subject in ('incident', 'run')),
  subject_id  bigint not null,
  primary key (channel_id, root_ts)
);

-- Presses of one button are found by how their key begins.
create index command_requests_key_prefix on command_requests (key text_pattern_ops);

-- Reactions that were heard before the message they are about: events come in any order. Kept for minutes.
create table slack_early_reactions (
  id          bigint generated always as identity primary key,
  channel_id  text not null,
  ts          text not null,
  event       jsonb not null,
  received_at timestamptz not null
);
create index slack_early_reactions_message on slack_early_reactions (channel_id, ts);
