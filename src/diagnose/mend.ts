import type { Procedure } from '../runbook/index.ts'
import { causeOf } from './causes.ts'
import type { CauseName } from './causes.ts'

/** The place on a page that tells how to mend something. */
export interface Section {
  page: string
  procedure: string
  title: string
  /** The option that fits; `null`: the procedure as a whole. */
  option: string | null
  line: number
}

interface KnownPage {
  path: string
  runbook: { procedures: readonly Procedure[] }
}

/** The section that mends a cause: the first procedure by its own order of preference, with the option that fits. */
export function sectionFor(cause: CauseName, pages: readonly KnownPage[]): Section | null {
  const { procedures: ids, option } = causeOf(cause).mend
  const known = pages.flatMap(({ path, runbook }) => runbook.procedures.map((procedure) => ({ page: path, procedure }))) // prettier-ignore
  const fitting = ids.flatMap((id) => known.filter(({ procedure }) => isNamed(procedure, id)))
  for (const { page, procedure } of fitting) {
    const found = option === undefined ? undefined : alternativesOf(procedure).find(({ title, condition }) => option.test(`${title} ${condition ?? ''}`)) // prettier-ignore
    if (found !== undefined)
      return { page, procedure: procedure.id, title: procedure.title, option: found.title, line: found.line }
  }
  const [first] = fitting
  if (first === undefined) return null
  const { page, procedure } = first
  return { page, procedure: procedure.id, title: procedure.title, option: null, line: procedure.line }
}

const isNamed = (procedure: Procedure, id: string): boolean =>
  procedure.id === id || procedure.anchors.includes(id)

const alternativesOf = (procedure: Procedure) =>
  procedure.phases.flatMap((phase) => phase.steps.flatMap((step) => step.alternatives ?? []))
