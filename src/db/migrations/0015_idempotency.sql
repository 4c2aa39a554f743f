-- the answer to a write that was sent with an Idempotency-Key, kept for a day
create table idempotent_request (
  actor text not null,
  key text not null,
  operation text not null,
  input_hash text not null,
  started_at timestamptz not null,
  -- null: under way, or its process died
  answer jsonb,
  primary key (actor, key)
);
create index idempotent_request_age on idempotent_request (started_at);
