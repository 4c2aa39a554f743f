import { readFileSync } from 'node:fs'
import type { Address } from './keeper.ts'
import { call } from './people.ts'

type Row = Record<string, unknown>

/** What is left when the killing is over. Everything named `lost`, `doubled` or `without` has to be empty. */
export interface Counts {
  accepted: number
  incidents: number
  lostAlerts: string[]
  doubledIncidents: string[]
  approvedCommands: number
  effects: number
  /** Took effect more than once. */
  doubledEffects: string[]
  /** Recorded as done without an effect. */
  lostEffects: string[]
  effectsWithoutApproval: string[]
  unknown: number
  unknownWithEffect: number
  runs: Record<string, number>
  runsWithoutEnd: string[]
  executionsLeftRunning: string[]
  incidentsWithoutReview: string[]
  doubledTimeline: string[]
  auditIntact: boolean
}

export async function countAll(
  address: Address,
  accepted: ReadonlyMap<string, string>,
  effectsFile: string,
): Promise<Counts> {
  const get = async (at: string): Promise<Row> => {
    const answer = await call(address, address.token, 'GET', `/api/v1${at}`)
    if (answer?.status !== 200) throw new Error(`${at}: ${JSON.stringify(answer)}`)
    return answer.value
  }
  const effects = linesByTicket(effectsFile)
  const counts = empty(accepted.size, [...effects.values()].flat().length)
  counts.doubledEffects = [...effects].filter(([, lines]) => lines.length > 1).map(([ticket]) => ticket)
  const seen = new Map<string, number>()
  for await (const incident of listIncidents((at) => call(address, address.token, 'GET', `/api/v1${at}`))) {
    const ticket = String(incident['title'])
    seen.set(ticket, (seen.get(ticket) ?? 0) + 1)
    counts.incidents += 1
    await countIncident(get, counts, await get(`/incidents/${String(incident['id'])}`), effects)
  }
  counts.lostAlerts = [...accepted.keys()].filter((ticket) => !seen.has(ticket))
  counts.doubledIncidents = [...seen].filter(([, times]) => times > 1).map(([ticket]) => ticket)
  counts.auditIntact = (await get('/audit/verify'))['intact'] === true
  return counts
}

/** Every incident, page by page. */
export async function* listIncidents(
  get: (at: string) => Promise<{ status: number; value: Row } | null>,
): AsyncGenerator<Row> {
  for (let from = ''; ;) {
    const page = await get(`/incidents?limit=200${from}`)
    if (page?.status !== 200) throw new Error(`the incidents cannot be listed: ${JSON.stringify(page)}`)
    yield* page.value['incidents'] as Row[]
    const { next } = page.value
    if (typeof next !== 'number' && typeof next !== 'string') return
    from = `&before=${next}`
  }
}

async function countIncident(
  get: (at: string) => Promise<Row>,
  counts: Counts,
  incident: Row,
  effects: ReadonlyMap<string, string[]>,
): Promise<void> {
  const name = String(incident['name'])
  const timeline = incident['timeline'] as Row[]
  for (const kind of ['incident.declared', 'incident.resolved', 'run.started', 'review.written']) {
    const times = timeline.filter((entry) => entry['kind'] === kind).length
    if (times > 1) counts.doubledTimeline.push(`${name} ${kind}`)
  }
  if (incident['state'] === 'resolved' && !timeline.some((entry) => entry['kind'] === 'review.written')) {
    counts.incidentsWithoutReview.push(name)
  }
  const lines = effects.get(String(incident['title'])) ?? []
  const approved = new Set<string>()
  for (const listed of incident['runs'] as Row[]) {
    const run = await get(`/runs/${String(listed['id'])}`)
    const state = String(run['state'])
    counts.runs[state] = (counts.runs[state] ?? 0) + 1
    const ended = run['endedAt'] !== null && typeof run['reason'] === 'string' && run['reason'] !== ''
    if (!ended && run['waitsFor'] === null) counts.runsWithoutEnd.push(`${name} ${state}`)
    for (const execution of run['executions'] as Row[])
      countExecution(counts, name, execution, lines, approved)
  }
  const strangers = lines.filter((id) => !approved.has(id))
  if (strangers.length > 0) counts.effectsWithoutApproval.push(`${name} ${strangers.join(' ')}`)
}

function countExecution(
  counts: Counts,
  name: string,
  execution: Row,
  lines: readonly string[],
  approved: Set<string>,
): void {
  const id = String(execution['id'])
  if (execution['state'] === 'running') counts.executionsLeftRunning.push(`${name} ${id}`)
  if (execution['risk'] === 'read') return
  counts.approvedCommands += 1
  if (execution['approvalId'] !== null) approved.add(id)
  const took = lines.includes(id)
  if (execution['state'] === 'done' && !took) counts.lostEffects.push(`${name} ${id}`)
  if (execution['state'] !== 'unknown') return
  counts.unknown += 1
  if (took) counts.unknownWithEffect += 1
}

function linesByTicket(file: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [ticket = '', execution = ''] = line.split(' ')
    if (ticket !== '') found.set(ticket, [...(found.get(ticket) ?? []), execution])
  }
  return found
}

const empty = (accepted: number, effects: number): Counts => ({
  accepted,
  incidents: 0,
  lostAlerts: [],
  doubledIncidents: [],
  approvedCommands: 0,
  effects,
  doubledEffects: [],
  lostEffects: [],
  effectsWithoutApproval: [],
  unknown: 0,
  unknownWithEffect: 0,
  runs: {},
  runsWithoutEnd: [],
  executionsLeftRunning: [],
  incidentsWithoutReview: [],
  doubledTimeline: [],
  auditIntact: false,
})
