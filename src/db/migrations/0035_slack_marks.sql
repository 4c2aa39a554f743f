-- messages of Slack that a responder put on the timeline: what becomes of them there is told here
create table slack_mark (
  channel text not null,
  ts text not null,
  incident_id text not null references incident (id),
  text text not null,
  marked_by text not null,
  marked_at timestamptz not null,
  deleted_at timestamptz,
  primary key (channel, ts)
);
