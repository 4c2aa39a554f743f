import type { ColumnType, Generated } from 'kysely'

type Time = ColumnType<Date, Date, Date>
type TimeOrNull = ColumnType<Date | null, Date | null | undefined, Date | null>
type Json = ColumnType<unknown, string, string>

export interface PersonTable {
  id: string
  login: string
  name: string
  password_hash: string | null
  oidc_issuer: string | null
  oidc_subject: string | null
  created_at: Time
  created_by: string
  disabled_at: TimeOrNull
  disabled_by: string | null
}

export interface PersonRoleTable {
  id: string
  person_id: string
  role: string
  scope: Json
  source: string
  granted_at: Time
  granted_by: string
}

export interface OneTimeLinkTable {
  token_hash: string
  kind: string
  person_id: string | null
  created_at: Time
  created_by: string
  expires_at: Time
  used_at: TimeOrNull
}

export interface SessionTable {
  id: string
  person_id: string
  token_hash: string
  next_hash: string | null
  previous_hash: string | null
  previous_until: TimeOrNull
  csrf_token: string
  method: string
  address: string
  agent: string
  created_at: Time
  rotated_at: Time
  seen_at: Time
  expires_at: Time
  revoked_at: TimeOrNull
}

export interface LoginFailureTable {
  key: string
  failures: number
  since: Time
  blocked_until: TimeOrNull
}

export interface PasskeyTable {
  id: string
  person_id: string
  name: string
  public_key: Buffer
  counter: ColumnType<string, number | string, number | string>
  transports: Json
  created_at: Time
  used_at: TimeOrNull
}

export interface SignInChallengeTable {
  id: string
  kind: string
  person_id: string | null
  data: Json
  expires_at: Time
}

export interface AccessTokenTable {
  id: string
  name: string
  identity: string
  kind: string
  role: string
  scope: Json
  token_hash: string
  created_at: Time
  created_by: string
  expires_at: Time
  used_at: TimeOrNull
  revoked_at: TimeOrNull
  revoked_by: string | null
}

export interface ProposalTable {
  decision_id: string
  alternative_id: string
  proposed_by: string
  proposed_at: Time
  reason: string
}

export interface ReviewDemandTable {
  incident_id: string
  reason: string
  demanded_by: string
  demanded_at: Time
  reminded_at: TimeOrNull
}

/** Rows that become audit rows when their transaction commits. */
export interface AuditIntakeTable {
  id: Generated<string>
  at: Time
  actor: string
  role: string
  operation: string
  subject: string
  outcome: string
  data: Json
  head: string
  middle: string
  tail: string
}

/** People, permissions and what stands around a decision. */
export interface AccessSchema {
  person: PersonTable
  person_role: PersonRoleTable
  one_time_link: OneTimeLinkTable
  session: SessionTable
  login_failure: LoginFailureTable
  passkey: PasskeyTable
  sign_in_challenge: SignInChallengeTable
  access_token: AccessTokenTable
  proposal: ProposalTable
  review_demand: ReviewDemandTable
  audit_intake: AuditIntakeTable
}
