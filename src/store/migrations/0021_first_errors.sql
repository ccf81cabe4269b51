-- A card shows the first error that its alerts named. Where ten thousand named none, it would look at all of them.
create index signals_errors on signals (incident_id, id) where error is not null;
