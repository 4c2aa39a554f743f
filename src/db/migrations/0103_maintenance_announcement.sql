-- What the public status page says of a window, and the entry that says it now.
alter table maintenance_window add column announcement text;
alter table maintenance_window add column components text[] not null default '{}';
alter table maintenance_window add column status_entry text references status_entry (id) on delete set null;
