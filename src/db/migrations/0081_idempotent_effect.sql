-- set by the first transaction of a request with a key, in that transaction: from then on nobody takes the request over
alter table idempotent_request add column effect_at timestamptz;
