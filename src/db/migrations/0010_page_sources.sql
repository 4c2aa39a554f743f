-- where pages come from: one row for each configured folder or repository
create table page_source (
  name text primary key,
  kind text not null check (kind in ('folder','git')),
  location text not null,
  -- stale: it could not be read since `stale_since`; its last good pages are served
  state text not null check (state in ('new','good','stale')),
  reason text,
  commit_id text,
  committed_at timestamptz,
  checked_at timestamptz,
  good_at timestamptz,
  stale_since timestamptz,
  findings jsonb not null default '[]',
  -- grows whenever what is served changes, so that every replica notices
  version bigint not null default 0,
  next_poll_at timestamptz not null,
  requested_at timestamptz,
  -- one replica polls; a lease that has passed belongs to a dead one
  poller text,
  polling_until timestamptz
);

-- what each page was, by commit and content; contents are in runbook_revision, once for equal texts
create table page_revision (
  id bigint generated always as identity primary key,
  source text not null references page_source (name),
  path text not null,
  commit_id text,
  blob_id text,
  -- null: the page was removed, or is too large to be kept
  content_hash text references runbook_revision (content_hash),
  committed_at timestamptz,
  author text,
  subject text,
  seen_at timestamptz not null,
  refused text,
  -- texts that are in no commit may come back
  unique (source, path, commit_id)
);
create index page_revision_by_page on page_revision (source, path, id);
create index page_revision_by_blob on page_revision (source, blob_id) where blob_id is not null;

-- the page that is served, and the newer revision that was refused, if any
create table page_head (
  source text not null references page_source (name),
  path text not null,
  repository_path text,
  -- null: no revision was good yet
  content_hash text references runbook_revision (content_hash),
  commit_id text,
  committed_at timestamptz,
  procedures integer not null default 0,
  state text not null check (state in ('good','broken')),
  reason text,
  refused_hash text,
  refused_commit text,
  refused_at timestamptz,
  primary key (source, path)
);
