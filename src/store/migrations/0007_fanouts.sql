-- Fan-outs: the list that is worked through, whose turn it is at a target, and where the result per id was put.
alter table fanouts
  add column list_id      text references id_lists,  -- null: a comparison, which finds its ids
  add column last_turn_at timestamptz,               -- when the target last took ids of it: who waited longest is next
  add column result_at    timestamptz,               -- the result per id was put in the thread, or did not have to be
  add column result_url   text;
create index id_list_items_ref on id_list_items (list_id, ref);
