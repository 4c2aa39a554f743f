import type { HandlersOf } from './deps.ts'
import { exportAudit } from './audit.ts'
import { breakGlass, propose } from './decisions.ts'
import {
  changeRole,
  disablePerson,
  invitePerson,
  listPeople,
  listSessions,
  listTokens,
  makeToken,
  revokeSession,
  revokeToken,
} from './people.ts'
import { explainPolicy, showPolicy } from './policy.ts'
import type { accessOperations } from './catalogue/access.ts'

export const accessHandlers: HandlersOf<keyof typeof accessOperations> = {
  'run.propose': propose,
  'run.break-glass': breakGlass,
  'person.list': (deps) => listPeople(deps),
  'person.invite': invitePerson,
  'person.disable': disablePerson,
  'person.role': changeRole,
  'token.create': makeToken,
  'token.list': (deps, actor) => listTokens(deps, actor),
  'token.revoke': (deps, actor, input) => revokeToken(deps, actor, input.id),
  'session.list': (deps, actor) => listSessions(deps, actor),
  'session.revoke': (deps, actor, input) => revokeSession(deps, actor, input.id),
  'policy.show': (deps) => showPolicy(deps),
  'policy.explain': explainPolicy,
  'audit.export': exportAudit,
}
