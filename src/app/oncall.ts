import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import type { Logger } from '../base/log.ts'
import { LANES, queueMessage } from '../communication/index.ts'
import type { ChangeFeed, Database, Transaction } from '../db/index.ts'
import {
  createRosterFile,
  escalate,
  readSeverityRules,
  schedulesOf,
  settleIncident,
  severityInRange,
  severityMatrix,
  withSchedules,
} from '../oncall/index.ts'
import type { ConfirmedRule, MatrixRow, OncallPolicy, OutgoingPage, RosterState } from '../oncall/index.ts'
import type { OncallService } from '../operations/index.ts'
import type { PageService } from '../runbook/sources/index.ts'
import { loopDuty } from './loop.ts'
import type { AppOptions, Duty } from './options.ts'
import { scheduleReader } from './pagerduty-oncalls.ts'
import type { Store } from './store.ts'

const LOOK_EVERY_MS = 500

/** What the file and the pages say of who is told, and the way of a page into the outbox. */
export function buildOncall(
  config: Config,
  log: Logger,
  pages: Pick<PageService, 'pages'>,
  database: Database,
): OncallService {
  const file = createRosterFile(config.oncall.file ?? 'erlmcp.oncall.yaml', log)
  const schedules = scheduleReader(database)
  const state = async (): Promise<RosterState> => {
    const read = await file.state()
    if (schedulesOf(read.roster).length === 0) return read
    return { ...read, roster: withSchedules(read.roster, await schedules()) }
  }
  const policy = async (): Promise<OncallPolicy> => {
    const { roster } = await state()
    return {
      roster,
      matrix: severityMatrix(await matrixOf(pages), roster),
    }
  }
  return {
    state,
    policy,
    settle: (trx, at, incidentId) => settleIncident(trx, at, { policy, queuePage }, incidentId),
    queuePage,
  }
}

async function queuePage(trx: Transaction, at: Date, { id, ...page }: OutgoingPage): Promise<void> {
  await queueMessage(trx, at, {
    ...page,
    lane: LANES.first,
    quiet: true,
    ...(id === null ? {} : { pageId: id }),
  })
}

/** The severity matrix of the first page, by path, that has one. */
async function matrixOf(pages: Pick<PageService, 'pages'>): Promise<readonly MatrixRow[]> {
  const all = await pages.pages()
  const first = all
    .filter((page) => page.runbook.severityPolicy.length > 0)
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))[0]
  return first?.runbook.severityPolicy ?? []
}

const RULES_FOR_MS = 2_000

/** The pages, with the severity that a person said a range such as "P2-P3" means; asked for at every delivery of alerts. */
export function pagesInRange(
  { database, oncall, pages }: Pick<Store, 'database' | 'oncall' | 'pages'>,
  clock: Clock,
): () => ReturnType<PageService['pages']> {
  let rules: ConfirmedRule[] = []
  let readAt = Number.NEGATIVE_INFINITY
  return async () => {
    const all = await pages.pages()
    if (!all.some(({ runbook }) => runbook.procedures.some(hasRange))) return all
    if (performance.now() - readAt > RULES_FOR_MS) {
      readAt = performance.now()
      rules = await readSeverityRules(database.kysely)
    }
    if (rules.length === 0) return all
    const { roster } = await oncall.state()
    const at = clock.now()
    return all.map((page) => {
      if (!page.runbook.procedures.some(hasRange)) return page
      const procedures = page.runbook.procedures.map((procedure) => {
        if (procedure.severityRange === null) return procedure
        const [highest, lowest] = procedure.severityRange
        const range = { pagePath: page.path, procedureId: procedure.id, highest, lowest }
        return { ...procedure, severity: severityInRange(rules, roster, range, at) }
      })
      return { ...page, runbook: { ...page.runbook, procedures } }
    })
  }
}

const hasRange = (procedure: { severityRange: unknown }): boolean => procedure.severityRange !== null

/** Asks the next person when the last one did not answer. */
export function escalationDuty(
  options: AppOptions,
  clock: Clock,
  database: Database,
  oncall: OncallService,
  changes: ChangeFeed,
): Duty {
  return loopDuty({
    name: 'escalation',
    everyMs: LOOK_EVERY_MS,
    log: options.log,
    changes,
    look: async () => (await escalate({ ...oncall, database, now: () => clock.now() })) > 0,
  })
}
