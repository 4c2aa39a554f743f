-- what a question is about: one attempt can ask of several commands whether they were done
alter table decision add column subject text not null default '';
alter table decision drop constraint decision_run_id_attempt_kind_key;
alter table decision add constraint decision_once unique (run_id, attempt, kind, subject);
