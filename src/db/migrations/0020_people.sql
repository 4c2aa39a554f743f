-- people who sign in; the id is what timeline and audit show
create table person (
  id text primary key,
  login text not null unique,
  name text not null,
  password_hash text,
  oidc_issuer text,
  oidc_subject text,
  created_at timestamptz not null,
  created_by text not null,
  disabled_at timestamptz,
  disabled_by text,
  unique (oidc_issuer, oidc_subject)
);

-- a role holds everywhere, or where the labels of the incident match all of `scope`
create table person_role (
  id text primary key,
  person_id text not null references person (id),
  role text not null check (role in ('viewer','responder','lead','admin')),
  scope jsonb not null default '{}',
  -- roles from the provider's groups are replaced at each sign-in
  source text not null check (source in ('local','oidc')),
  granted_at timestamptz not null,
  granted_by text not null,
  unique (person_id, role, scope, source)
);

-- first owner, invitations: used once, within their time
create table one_time_link (
  token_hash text primary key,
  kind text not null check (kind in ('owner','invitation')),
  person_id text references person (id),
  created_at timestamptz not null,
  created_by text not null,
  expires_at timestamptz not null,
  used_at timestamptz
);

create table session (
  id text primary key,
  person_id text not null references person (id),
  token_hash text not null unique,
  -- sent to the browser, not seen from it yet
  next_hash text unique,
  -- replaced, and still good for what is under way
  previous_hash text unique,
  previous_until timestamptz,
  csrf_token text not null,
  method text not null,
  address text not null,
  agent text not null,
  created_at timestamptz not null,
  rotated_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index session_by_person on session (person_id);

create table login_failure (
  key text primary key,
  failures integer not null,
  since timestamptz not null,
  blocked_until timestamptz
);

create table passkey (
  id text primary key,
  person_id text not null references person (id),
  name text not null,
  public_key bytea not null,
  counter bigint not null,
  transports jsonb not null default '[]',
  created_at timestamptz not null,
  used_at timestamptz
);
create index passkey_by_person on passkey (person_id);

-- what a browser was asked to sign, or sent to a provider with; used once
create table sign_in_challenge (
  id text primary key,
  kind text not null check (kind in ('passkey-register','passkey-login','oidc')),
  person_id text references person (id),
  data jsonb not null,
  expires_at timestamptz not null
);

-- tokens that people make: named, capped, expiring
create table access_token (
  id text primary key,
  name text not null,
  identity text not null,
  kind text not null check (kind in ('person','agent')),
  role text not null check (role in ('viewer','agent','responder','lead','admin')),
  scope jsonb not null default '{}',
  token_hash text not null unique,
  created_at timestamptz not null,
  created_by text not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz,
  revoked_by text
);
create index access_token_by_identity on access_token (identity);
