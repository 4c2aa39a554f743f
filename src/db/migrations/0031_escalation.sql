-- who is asked next, and when: one row for each thing that an incident can wait for. Every replica looks for rows that are
-- due; whoever locks the incident's row acts, the others pass by.
create table escalation (
  id text primary key,
  incident_id text not null references incident (id),
  -- nobody has acknowledged; nothing was heard since; nobody decides
  reason text not null check (reason in ('unacknowledged','silent','undecided')),
  -- the decision, or empty
  subject text not null default '',
  state text not null check (state in ('waiting','over')),
  severity text not null,
  round integer not null default 1,
  -- the link that is asked when it is due, from 0
  level integer not null default 0,
  due_at timestamptz not null,
  -- when `due_at` was set; after now means that the clock was put back
  set_at timestamptz not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  ended_because text,
  unique (incident_id, reason, subject)
);
create index escalation_due on escalation (due_at) where state = 'waiting';

-- one page to one person, once for each level of each round, in the transaction that puts its message into the outbox
create table escalation_page (
  id text primary key,
  incident_id text not null references incident (id),
  reason text not null,
  subject text not null default '',
  round integer not null,
  level integer not null,
  link text not null,
  person text not null,
  channel text not null,
  target text not null default '',
  at timestamptz not null,
  -- nobody has to come any more: what was not sent is not sent
  withdrawn_at timestamptz,
  unique (incident_id, reason, subject, round, level, person, channel, target)
);
create index escalation_page_open on escalation_page (incident_id) where withdrawn_at is null;

-- somebody else for a time, over what the file says
create table oncall_override (
  id text primary key,
  rotation text not null,
  person text not null,
  from_at timestamptz not null,
  to_at timestamptz not null check (to_at > from_at),
  reason text not null,
  created_by text not null,
  created_at timestamptz not null,
  cancelled_at timestamptz,
  cancelled_by text
);
create index oncall_override_by_rotation on oncall_override (rotation, to_at) where cancelled_at is null;

-- what a range such as "P2-P3" on a page means, said once by a person; void when the page's range changes
create table severity_rule (
  page_path text not null,
  procedure_id text not null,
  highest text not null check (highest in ('P1','P2','P3','P4')),
  lowest text not null check (lowest in ('P1','P2','P3','P4')),
  rule text not null check (rule in ('highest','lowest','lowest-in-business-hours','highest-in-business-hours')),
  confirmed_by text not null,
  confirmed_at timestamptz not null,
  primary key (page_path, procedure_id)
);
