-- A row gets its place in the chain when its transaction commits: the lock that orders the chain is held for the commit
-- alone, not for the statements before it. The hash is over the same canonical JSON as in the version before.
create table audit_intake (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  actor text not null,
  role text not null,
  operation text not null,
  subject text not null,
  outcome text not null,
  data jsonb not null,
  -- canonical JSON before the previous hash, between it and the sequence number, and after that
  head text not null,
  middle text not null,
  tail text not null
);

create function chain_audit() returns trigger language plpgsql as $$
declare
  last_seq bigint;
  last_hash text;
begin
  perform pg_advisory_xact_lock(4711001);
  -- a statement of its own, so that it sees what was committed while this one waited
  select seq, hash into last_seq, last_hash from audit_entry order by seq desc limit 1;
  last_seq := coalesce(last_seq, 0) + 1;
  last_hash := coalesce(last_hash, repeat('0', 64));
  insert into audit_entry (seq, at, actor, role, operation, subject, outcome, data, previous_hash, hash)
  values (last_seq, new.at, new.actor, new.role, new.operation, new.subject, new.outcome, new.data, last_hash,
    encode(sha256(convert_to(new.head || last_hash || new.middle || last_seq || new.tail, 'UTF8')), 'hex'));
  delete from audit_intake where id = new.id;
  return null;
end $$;
create constraint trigger audit_intake_chained after insert on audit_intake
  deferrable initially deferred for each row execute function chain_audit();
