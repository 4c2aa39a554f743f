-- what people write about an incident, beside the facts that were gathered; the facts are never edited
create table review_text (
  incident_id text primary key references incident (id),
  version integer not null default 1,
  cause text not null default '',
  lessons text not null default '',
  owner text,
  review_on text check (review_on ~ '^\d{4}-\d{2}-\d{2}$'),
  completed_at timestamptz,
  completed_by text,
  updated_at timestamptz not null,
  updated_by text not null
);
create trigger review_text_changed after insert or update on review_text
  for each row execute function note_of_incident();

create table action_item (
  id text primary key,
  incident_id text not null references incident (id),
  version integer not null default 1,
  title text not null,
  owner text,
  due_on text check (due_on ~ '^\d{4}-\d{2}-\d{2}$'),
  state text not null check (state in ('open','done','dropped')),
  created_at timestamptz not null,
  created_by text not null,
  ended_at timestamptz,
  ended_by text
);
create index action_item_by_incident on action_item (incident_id);
create index action_item_open on action_item (due_on) where state = 'open';
create trigger action_item_changed after insert or update on action_item
  for each row execute function note_of_incident();

-- when the leads were last told that a review is owed
alter table review_demand add column reminded_at timestamptz;
