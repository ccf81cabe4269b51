-- Corrections are read with the entry that they correct, wherever it is told since a split.
create index timeline_corrects on timeline_entries (corrects) where corrects is not null;
