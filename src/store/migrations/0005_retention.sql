-- Finds the bodies that are still kept, by age: most of the inbox has none.
create index inbox_bodies on inbox (received_at) where body <> '';
