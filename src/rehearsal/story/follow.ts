import path from 'node:path'
import { delay } from '../../base/clock.ts'
import { AppError } from '../../base/error.ts'
import { forTerminal } from '../../base/text.ts'
import type { Host, Row } from './host.ts'
import { rows } from './host.ts'
import type { Responder } from './responder.ts'
import { countdownLine, entryLine, optionsText } from './show.ts'

export interface FollowDeps {
  host: Pick<Host, 'api'>
  responder: Responder
  write(text: string): void
  /** Hold times of the page are divided by this. */
  speed: number
  /** Why an answer was given; it stands in the timeline. */
  reason: string
}

const LOOK_EVERY_MS = 500

/** What is known of the incident so far; also when it was not followed to its end. */
export interface Followed {
  incident: Row
  run: Row | null
}

/**
 * Tells an incident as it goes, and answers what is asked, until its review is written.
 * @throws AppError `conflict` when its run fails; the signal's reason when that aborts.
 */
export async function followIncident(
  deps: FollowDeps,
  name: string,
  signal: AbortSignal,
  seen: (now: Followed) => void = () => undefined,
): Promise<Row> {
  const told: Told = { entry: 0, samples: '', proofOf: null, answered: new Set() }
  for (;;) {
    const incident = await deps.host.api('GET', `/incidents/${name}`)
    tell(deps, told, incident)
    if (rows(incident['timeline']).some((entry) => entry['kind'] === 'review.written')) {
      seen({ incident, run: null })
      return incident
    }
    const current = rows(incident['runs']).find((run) => run['endedAt'] === null)
    const run =
      current === undefined ? null : await deps.host.api('GET', `/runs/${forTerminal(current['id'])}`)
    seen({ incident, run })
    if (run !== null) {
      tellProgress(deps, told, run)
      await answer(deps, told, run)
    }
    const failed = rows(incident['runs']).find((each) => each['state'] === 'failed')
    if (failed !== undefined) {
      throw new AppError(
        'conflict',
        `${name}: ${forTerminal(failed['reason'])}; it stays ${forTerminal(incident['state'])}`,
        {
          action: `Look at it with \`erlmcp incident show ${name}\`; say that it is over with \`erlmcp incident resolve ${name} --reason TEXT\`.`,
        },
      )
    }
    await delay(LOOK_EVERY_MS, signal)
  }
}

/** What was told already. */
interface Told {
  entry: number
  samples: string
  proofOf: string | null
  answered: Set<string>
}

function tell(deps: FollowDeps, told: Told, incident: Row): void {
  for (const entry of rows(incident['timeline'])) {
    if (Number(entry['id']) <= told.entry) continue
    told.entry = Number(entry['id'])
    deps.write(entryLine(entry) ?? '')
  }
  const run = rows(incident['runs']).at(-1)
  if (run === undefined || told.proofOf === run['id']) return
  told.proofOf = forTerminal(run['id'])
  const proof = run['proof'] as Row | null | undefined
  if (proof !== null && proof !== undefined)
    deps.write(`            this page: ${forTerminal(proof['text'])}\n`)
}

function tellProgress(deps: FollowDeps, told: Told, run: Row): void {
  const verification = rows(run['verifications']).findLast((each) => each['verdict'] === null)
  if (verification === undefined) return
  const key = `${forTerminal(verification['id'])} ${rows(verification['samples']).length}`
  if (key === told.samples) return
  told.samples = key
  deps.write(countdownLine(verification, deps.speed) ?? '')
}

async function answer(deps: FollowDeps, told: Told, run: Row): Promise<void> {
  const waits = run['waitsFor'] as Row | null
  if (waits === null) return
  const key = `${forTerminal(run['id'])} ${forTerminal(waits['askedAt'])}`
  if (told.answered.has(key)) return
  told.answered.add(key)
  const at = `/runs/${forTerminal(run['id'])}`
  const question = waits['question'] as Row
  if (waits['kind'] !== 'choose') {
    const done = await deps.responder.confirm(forTerminal(question['text']))
    await deps.host.api('POST', `${at}/answer`, { as: done ? 'done' : 'not-done', reason: deps.reason })
    return
  }
  const options = offeredOptions(run, question)
  if (options.length === 0) return
  deps.write(optionsText(options))
  const chosen = await deps.responder.choose(options)
  if (chosen === null) await deps.host.api('POST', `${at}/reject`, { reason: deps.reason })
  else await deps.host.api('POST', `${at}/approve`, { option: chosen['id'], hashes: chosen['hashes'] })
}

/** The options that are offered now, best first, each with why it is suggested. */
function offeredOptions(run: Row, question: Row): Row[] {
  return rows(question['options']).flatMap((offer): Row[] => {
    const option = rows(run['options']).find((candidate) => candidate['id'] === offer['id'])
    return option === undefined ? [] : [{ ...option, suggestion: offer['suggestion'] ?? null }]
  })
}

/** Where an incident stood, in a sentence: for a story that did not come to its end. */
export function whereItStood({ incident, run }: Followed): string {
  const name = `${forTerminal(incident['name'])} is ${forTerminal(incident['state'])}`
  if (run === null) return name
  const waits = run['waitsFor'] as Row | null
  const verification = rows(run['verifications']).at(-1)
  const sample = rows(verification?.['samples']).at(-1)
  const measured = sample === undefined ? '' : `, last measured ${forTerminal(sample['value']) || 'nothing'}`
  const asks = waits === null ? '' : `, waits for: ${forTerminal((waits['question'] as Row)['text'])}`
  return `${name}, its run ${forTerminal(run['state'])}${measured}${asks}`
}

/** The last words of a story that came to its end. @returns the path of the review. */
export function endOfStory(write: (text: string) => void, incident: Row): string {
  write(`\n  ${forTerminal(incident['name'])} is ${forTerminal(incident['state'])}.\n  Its review:\n`)
  const review = rows(incident['timeline']).find((entry) => entry['kind'] === 'review.written')
  return path.resolve(forTerminal((review?.['data'] as Row | undefined)?.['path']))
}
