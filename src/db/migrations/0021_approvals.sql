-- several approvers are several rows; the version before inserts one, which stays right
alter table approval drop constraint approval_run_id_attempt_step_id_command_index_key;
alter table approval add constraint approval_once unique (run_id, attempt, step_id, command_index, decided_by);
alter table approval add column break_glass boolean not null default false;

-- who asked for an option of an open question; the newest stands
create table proposal (
  decision_id text not null references decision (id),
  alternative_id text not null,
  proposed_by text not null,
  proposed_at timestamptz not null,
  reason text not null,
  primary key (decision_id, alternative_id)
);

-- the gate was overruled: people owe a review
create table review_demand (
  incident_id text primary key references incident (id),
  reason text not null,
  demanded_by text not null,
  demanded_at timestamptz not null
);
