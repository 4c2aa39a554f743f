/** The catalogue of a set of pages: procedures, the alerts they are for, owners, reviews. */
import { addMonths, parseDate, reviewMonths } from './dates.ts'
import type { MatchPage } from './match.ts'
import type { ProcedureKind, Runbook, Severity } from './model.ts'
import { wrap } from './layout.ts'

export interface CatalogueProcedure {
  id: string
  title: string
  kind: ProcedureKind | null
  line: number
  severity: Severity | null
  alertNames: string[]
  /** The trigger is a number that erlmcp can measure. */
  measurable: boolean
  service: string | null
  owner: string | null
  /** What rehearsals have shown of it; left out where none are looked at. */
  proof?: { state: string; text: string }
}

export interface CatalogueEntry {
  path: string
  title: string
  owner: string | null
  /** `2026-01-27`; `null` when the page does not say, or not as a date. */
  lastReviewed: string | null
  /** As stated, else the last review and the cycle added. */
  nextReview: string | null
  overdue: boolean
  procedures: CatalogueProcedure[]
  /** Things the reader noticed. */
  notes: number
}

/** One entry a page, in the order given. `now` decides what is overdue. */
export function listCatalogue(pages: readonly MatchPage[], now: Date): CatalogueEntry[] {
  const today = now.toISOString().slice(0, 10)
  return pages.map(({ path, runbook }) => {
    const review = reviewOf(runbook)
    return {
      path,
      title: runbook.title,
      owner: ownerOf(runbook),
      ...review,
      overdue: review.nextReview !== null && review.nextReview < today,
      procedures: runbook.procedures.map((each) => ({
        id: each.id,
        title: each.title,
        kind: each.kind ?? null,
        line: each.line,
        severity: each.severity,
        alertNames: each.alertNames,
        measurable:
          each.trigger?.stated !== 'prose' && each.trigger?.signal != null && each.trigger.threshold !== null,
        service: each.service ?? null,
        owner: each.owner ?? null,
      })),
      notes: runbook.notes.length,
    }
  })
}

function ownerOf({ metadata }: Runbook): string | null {
  const keys = ['owner', 'runbookOwner', 'ownerSlack', 'owners', 'team', 'maintainer', 'maintainers']
  return keys.flatMap((key) => metadata[key] ?? [])[0] ?? null
}

/** When the page was last looked at, and when it is to be looked at again. */
export function reviewOf({ metadata }: Runbook): { lastReviewed: string | null; nextReview: string | null } {
  const date = (...keys: string[]): string | null =>
    keys.flatMap((key) => parseDate(metadata[key] ?? '') ?? [])[0] ?? null
  const lastReviewed = date(
    'lastReviewedOn',
    'lastReviewed',
    'reviewedOn',
    'lastReview',
    'lastUpdated',
    'lastTested',
    'documentDate',
    'date',
  )
  const stated = date('nextReview', 'nextReviewDate', 'reviewBy', 'reviewDate')
  const months = cycleOf(metadata)
  const nextReview =
    stated ?? (lastReviewed === null || months === null ? null : addMonths(lastReviewed, months))
  return { lastReviewed, nextReview }
}

/** The page's review cycle in months; `null` when it names none. */
export const reviewCycleMonths = ({ metadata }: Runbook): number | null => cycleOf(metadata)

const cycleOf = (metadata: Runbook['metadata']): number | null =>
  reviewMonths(metadata['reviewIn'] ?? metadata['reviewCycle'] ?? '')

/** The catalogue for people, at most 100 columns. */
export function renderCatalogue(entries: readonly CatalogueEntry[]): string {
  const lines = entries.flatMap((entry) => {
    const facts = [
      entry.owner === null ? 'no owner' : `owner ${entry.owner}`,
      entry.lastReviewed === null ? 'never reviewed' : `reviewed ${entry.lastReviewed}`,
      entry.nextReview === null ? '' : `next ${entry.nextReview}${entry.overdue ? ' OVERDUE' : ''}`,
      entry.notes === 0 ? '' : `${entry.notes} notes`,
    ].filter((fact) => fact !== '')
    return [
      '',
      ...wrap(`${entry.path}  ${entry.title}`, 0, 2),
      ...wrap(facts.join(' · '), 2),
      ...entry.procedures.flatMap((each) => wrap(procedureText(each), 4, 8)),
    ]
  })
  const procedures = entries.flatMap((entry) => entry.procedures)
  const bound = procedures.filter((each) => each.alertNames.length > 0).length
  const overdue = entries.filter((entry) => entry.overdue).length
  const sum = `${entries.length} pages, ${procedures.length} procedures, ${bound} bound to alerts by name, ${overdue} overdue`
  return `${[...lines.slice(1), '', sum].join('\n')}\n`
}

function procedureText(each: CatalogueProcedure): string {
  const alerts = each.alertNames.length === 0 ? '' : `  <- ${each.alertNames.join(', ')}`
  const severity = each.severity === null ? '' : `  ${each.severity}`
  // what no alert can start is not rehearsed
  const proof = each.proof === undefined || alerts === '' ? '' : `  (${each.proof.text})`
  return `${each.id}${severity}${each.measurable ? '  measured' : ''}${alerts}${proof}`
}
