-- who is on call by PagerDuty's schedules, as read last: it holds while PagerDuty is away
create table pagerduty_shift (
  schedule text not null,
  user_id text not null,
  name text not null,
  from_at timestamptz not null,
  -- null: without an end
  to_at timestamptz,
  read_at timestamptz not null,
  primary key (schedule, user_id, from_at)
);
