import { sql } from 'kysely'
import { bindEpisodes, holdEpisodes } from '../alert/index.ts'
import type { Delivery, EpisodeAlert } from '../alert/index.ts'
import type { Clock } from '../base/clock.ts'
import type { Transaction } from '../db/index.ts'
import { declareIncident, reopenIncident, severityOf } from '../incident/index.ts'
import type { Declaration } from '../incident/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import type { Page } from './deps.ts'
import { RESPONSE_WORKFLOW, RETURN_TOPIC } from './events.ts'
import { findProcedure } from './match.ts'
import { noteJoined } from './note-joined.ts'

/** Alerts of one group that fire and belong to no incident yet. */
export interface FiringGroup {
  source: string
  groupKey: string
  members: { delivery: Delivery; alert: EpisodeAlert }[]
}

export interface PlaceSettings {
  /** A group that fires again this soon after its incident was resolved opens it again. */
  flapMs: number
  /** Open incidents of one service and severity, declared within `stormMs`, before further groups join the first. */
  stormIncidents: number
  stormMs: number
}

export interface PlaceDeps {
  engine: Pick<WorkflowEngine, 'start' | 'send'>
  clock: Clock
  settings: PlaceSettings
  maintenanceOf(service: string | null, at: Date): Promise<string | null>
}

export interface PlacedGroup {
  group: FiringGroup
  /** `null`: held, it makes no incident now. */
  incidentId: string | null
  declared: boolean
}

export interface OpenIncidents {
  idOf(source: string, groupKey: string): string | null
}

/** The open incidents of these groups, kept from being resolved under the alerts that join them. */
export async function openIncidents(
  trx: Transaction,
  groups: readonly { source: string; groupKey: string }[],
): Promise<OpenIncidents> {
  const keys = new Map(groups.map((group) => [keyOf(group.source, group.groupKey), group]))
  const wanted = [...keys.values()]
  const ids = new Map<string, string>()
  if (wanted.length > 0) {
    const result = await sql<{ id: string; source: string; group_key: string }>`
      select i.id, i.source, i.group_key
      from unnest(${wanted.map(({ source }) => source)}::text[],
                  ${wanted.map(({ groupKey }) => groupKey)}::text[]) as k(source, g)
      join incident i on i.source = k.source and i.group_key = k.g
      where i.state not in ('resolved', 'closed')
      order by i.id
      for share of i`.execute(trx)
    for (const row of result.rows) ids.set(keyOf(row.source, row.group_key), row.id)
  }
  return { idOf: (source, groupKey) => ids.get(keyOf(source, groupKey)) ?? null }
}

const keyOf = (source: string, groupKey: string): string => `${source}\n${groupKey}`

/** Finds or makes the incident of each group: it is open, it was resolved a moment ago, a storm is on, or it is new. */
export async function placeGroups(
  trx: Transaction,
  deps: PlaceDeps,
  at: Date,
  pages: readonly Page[],
  open: OpenIncidents,
  groups: readonly FiringGroup[],
): Promise<PlacedGroup[]> {
  const placed: PlacedGroup[] = []
  const newcomers: FiringGroup[] = []
  for (const group of groups) {
    const incidentId = open.idOf(group.source, group.groupKey)
    if (incidentId === null) newcomers.push(group)
    else {
      await noteJoined(trx, at, incidentId, group)
      placed.push({ group, incidentId, declared: false })
    }
  }
  if (newcomers.length === 0) return placed
  const made = await placeNewcomers(trx, deps, at, pages, newcomers)
  await bindEpisodes(
    trx,
    made.flatMap(({ group, incidentId }) =>
      incidentId === null
        ? []
        : group.members.map(({ alert }) => ({ source: group.source, alert, incidentId })),
    ),
  )
  return [...placed, ...made]
}

async function placeNewcomers(
  trx: Transaction,
  deps: PlaceDeps,
  at: Date,
  pages: readonly Page[],
  groups: readonly FiringGroup[],
): Promise<PlacedGroup[]> {
  const placed: PlacedGroup[] = []
  const maintenance = new Map<string | null, string | null>()
  const toDeclare: { group: FiringGroup; declaration: Declaration }[] = []
  for (const group of groups) {
    const declaration = declarationOf(group, pages)
    const { service } = declaration
    const why = maintenance.get(service) ?? (await deps.maintenanceOf(service, at))
    maintenance.set(service, why)
    if (why === null) toDeclare.push({ group, declaration })
    else {
      const reason = `maintenance: ${why}`
      await holdEpisodes(
        trx,
        group.members.map(({ alert }) => ({ source: group.source, alert, reason })),
      )
      placed.push({ group, incidentId: null, declared: false })
    }
  }
  toDeclare.sort((a, b) => (lockName(a.declaration) < lockName(b.declaration) ? -1 : 1))
  await lockServices(trx, toDeclare.map(({ declaration }) => declaration)) // prettier-ignore
  for (const { group, declaration } of toDeclare) {
    placed.push(await placeOne(trx, deps, at, group, declaration))
  }
  return placed
}

function declarationOf(group: FiringGroup, pages: readonly Page[]): Declaration {
  const alert = group.members[0]?.alert
  if (alert === undefined) throw new Error('a group without alerts')
  const match = findProcedure(pages, alert)
  return {
    source: group.source,
    groupKey: group.groupKey,
    title: alert.annotations['summary'] ?? match?.procedure.title ?? alert.name,
    severity: severityOf(alert.labels, match?.procedure.severity ?? null),
    service: alert.labels['service'] ?? alert.labels['job'] ?? null,
    alertName: alert.name,
    labels: alert.labels,
    annotations: alert.annotations,
  }
}

/** Counting and declaring are one for a service and severity, over all replicas; taken in order. */
async function lockServices(trx: Transaction, declarations: readonly Declaration[]): Promise<void> {
  for (const name of new Set(declarations.map(lockName))) {
    await sql`select pg_advisory_xact_lock(${DECLARE_LOCK}, hashtext(${name}))`.execute(trx)
  }
}

const DECLARE_LOCK = 4_711_004
const lockName = (declaration: Declaration): string => `${declaration.service ?? ''}\n${declaration.severity}`

async function placeOne(
  trx: Transaction,
  deps: PlaceDeps,
  at: Date,
  group: FiringGroup,
  declaration: Declaration,
): Promise<PlacedGroup> {
  const { settings, engine } = deps
  const returned = await findReturned(trx, at, group, settings.flapMs)
  if (returned !== null) {
    const reason = `${declaration.alertName ?? 'the alert'} fires again, ${spoken(at, returned.resolvedAt)} after it was resolved`
    await reopenIncident(trx, at, { incidentId: returned.id, reason })
    await engine.send(trx, returned.id, RETURN_TOPIC, { reason }, at.toISOString())
    return { group, incidentId: returned.id, declared: false }
  }
  const joinedBefore = await incidentHoldingGroup(trx, group)
  if (joinedBefore !== null) {
    await noteJoined(trx, at, joinedBefore, group)
    return { group, incidentId: joinedBefore, declared: false }
  }
  const others = await openOfService(trx, at, declaration, settings.stormMs)
  const isCritical = declaration.severity === 'P1'
  // critical ones join only what fires under the same name: another name may need another page at once
  const joinable = isCritical ? others.filter((each) => each.alertName === declaration.alertName) : others
  const [first] = joinable
  if (first !== undefined && joinable.length >= settings.stormIncidents) {
    await noteJoined(trx, at, first.id, group)
    return { group, incidentId: first.id, declared: false }
  }
  const leader = isCritical ? null : (others.find((each) => each.isLeader)?.id ?? null)
  const outcome = await declareIncident(trx, at, { ...declaration, pageLeaderId: leader })
  if (outcome.declared) {
    await engine.start(trx, RESPONSE_WORKFLOW, outcome.incidentId, { incidentId: outcome.incidentId })
  } else await noteJoined(trx, at, outcome.incidentId, group)
  return { group, incidentId: outcome.incidentId, declared: outcome.declared }
}

async function findReturned(
  trx: Transaction,
  at: Date,
  group: FiringGroup,
  flapMs: number,
): Promise<{ id: string; resolvedAt: Date } | null> {
  const row = await trx
    .selectFrom('incident')
    .select(['id', 'resolved_at'])
    .where('source', '=', group.source)
    .where('group_key', '=', group.groupKey)
    .where('state', '=', 'resolved')
    .where('watched_until', 'is not', null)
    .where('resolved_at', '>', new Date(at.getTime() - flapMs))
    .orderBy('resolved_at', 'desc')
    .limit(1)
    .forUpdate()
    .executeTakeFirst()
  return row === undefined || row.resolved_at === null ? null : { id: row.id, resolvedAt: row.resolved_at }
}

/** A group that joined another's incident in a storm stays with it while its alerts fire. */
async function incidentHoldingGroup(trx: Transaction, group: FiringGroup): Promise<string | null> {
  const row = await trx
    .selectFrom('alert')
    .innerJoin('incident', 'incident.id', 'alert.incident_id')
    .select('incident.id')
    .where('alert.source', '=', group.source)
    .where('alert.group_key', '=', group.groupKey)
    .where('alert.status', '=', 'firing')
    .where('incident.state', 'not in', ['resolved', 'closed'])
    .orderBy('incident.id')
    .limit(1)
    .forShare('incident')
    .executeTakeFirst()
  return row?.id ?? null
}

async function openOfService(trx: Transaction, at: Date, declaration: Declaration, stormMs: number) {
  const rows = await trx
    .selectFrom('incident')
    .select(['id', 'alert_name', 'page_leader_id'])
    .where('service', 'is not distinct from', declaration.service)
    .where('severity', '=', declaration.severity)
    .where('state', 'not in', ['resolved', 'closed'])
    .where('opened_at', '>', new Date(at.getTime() - stormMs))
    .orderBy('opened_at')
    .orderBy('id')
    .limit(10_000)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    alertName: row.alert_name,
    isLeader: row.page_leader_id === null,
  }))
}

function spoken(at: Date, since: Date): string {
  const seconds = Math.max(0, Math.round((at.getTime() - since.getTime()) / 1_000))
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
