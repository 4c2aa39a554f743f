import type { Actor, AuditSigner, FencedTarget, LoadedPolicy } from '../access/index.ts'
import type { BackupDeps } from '../backup/index.ts'
import type { Clock } from '../base/clock.ts'
import type { Channel, MessageKind, MessageRoutes, StatusSettings } from '../communication/index.ts'
import type { Database, Transaction } from '../db/index.ts'
import type { Page, Service } from '../response/index.ts'
import type { PageService } from '../runbook/sources/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import type { InputOf, OperationName } from './catalogue.ts'
import type { ClusterDesk } from '../rollout/index.ts'
import type { Linter } from './reading.ts'
import type { OncallService } from './oncall-service.ts'
import type { ReplicaDesk } from './replicas.ts'

export interface OperationDeps {
  database: Database
  engine: Pick<WorkflowEngine, 'send' | 'start'>
  clock: Clock
  /** How long an approval may wait for its use. */
  approvalTtlMs: number
  pages: PageService
  /** Who is on call. Left out: nobody is paged. */
  oncall?: OncallService
  /** The ways to reach people. */
  channels?: readonly Channel[]
  /** What is backed up. Left out: nothing. */
  backups?: BackupDeps
  /** Where the messages of pages go. Left out: the console. */
  routes?: MessageRoutes
  /** What the public status page is made of. Left out: a page without components. */
  statusPage?: StatusSettings
  /** Kinds of messages that a person reads before they go out. */
  hold?: readonly MessageKind[]
  /** Who may do what. Left out: the defaults. */
  policy?: LoadedPolicy
  /** Judges pages, and remembers; left out: each time anew. */
  lint?: Linter
  /** Signs exports of the audit. */
  signer?: AuditSigner
  /** Where people reach erlmcp, for links: `https://erlmcp.example`. */
  address?(): string
  /** Where the commands of a service act. */
  targetOf?(service: string | null): FencedTarget
  /** The clusters that services run in. Left out: none does. */
  clusters?: ClusterDesk
  /** Further items of the checklists of windows, and how old a verified backup may be. */
  maintenance?: { before: readonly string[]; after: readonly string[]; backupWithinHours: number }
  /** What it takes to plan and to start something without an alert. Left out: nothing can. */
  agents?: AgentDesk
  /** The process that answers. Left out: no server runs. */
  replica?: ReplicaDesk
  /** Where all leads are told at once. Left out: the console. */
  leadChannels?: readonly { channel: string; target: string | null }[]
}

export interface AgentDesk {
  pages(): Promise<Page[]>
  service(name: string | null): Service
  /** Starts the response to an incident when the transaction commits. */
  respond(trx: Transaction, incidentId: string): Promise<void>
}

/** What does the work of these verbs; an area exports one of these beside its definitions. */
export type HandlersOf<Names extends OperationName> = {
  [Name in Names]: (deps: OperationDeps, actor: Actor, input: InputOf<Name>) => Promise<unknown>
}
