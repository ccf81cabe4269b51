-- Compressing what came costs more than all else of keeping it: by a faster method where this Postgres has it, else not at
-- all. Bodies go after the retention time.
do $$
begin
  alter table inbox alter column body set compression lz4;
exception when feature_not_supported then
  alter table inbox alter column body set storage external;
end $$;
