-- what came from a chat or a pager: stored before it is answered, worked on after, once for each id
create table inbound_request (
  source text not null check (source in ('slack','pagerduty')),
  id text not null,
  received_at timestamptz not null,
  payload jsonb not null,
  claimed_at timestamptz,
  attempts integer not null default 0,
  done_at timestamptz,
  outcome text,
  primary key (source, id)
);
create index inbound_request_waiting on inbound_request (received_at) where done_at is null;
create index inbound_request_old on inbound_request (done_at) where done_at is not null;

-- the live card of an incident: what it shows, and how far its thread tells the timeline
create table incident_card (
  incident_id text primary key references incident (id),
  version integer not null,
  digest text not null,
  told_to bigint not null default 0,
  final boolean not null default false
);
