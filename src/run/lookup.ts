/** Kinds of things that `kubectl get` lists, by the words for them in an input's name and on the command line. */
const KINDS: readonly { input: RegExp; listed: RegExp }[] = [
  { input: /(?:^|_)POD(?:_|$)/, listed: /^(?:po|pods?)$/ },
  { input: /(?:^|_)NODE(?:_|$)/, listed: /^(?:no|nodes?)$/ },
  { input: /(?:^|_)DEPLOY(?:MENT)?(?:_|$)/, listed: /^(?:deploy|deployments?)(?:\.apps)?$/ },
  { input: /(?:^|_)NAMESPACE(?:_|$)/, listed: /^(?:ns|namespaces?)$/ },
  { input: /(?:^|_)JOB(?:_|$)/, listed: /^jobs?(?:\.batch)?$/ },
  { input: /(?:^|_)(?:PVC|CLAIM)(?:_|$)/, listed: /^(?:pvc|persistentvolumeclaims?)$/ },
  { input: /(?:^|_)(?:STATEFULSET|STS)(?:_|$)/, listed: /^(?:sts|statefulsets?)(?:\.apps)?$/ },
]
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/
const MAX_CHOICES = 100

/** A value that something could have, and where it was seen. */
export interface Choice {
  value: string
  from: string
}

/**
 * What an input could be, from what the reading steps of the run have printed: names in the tables of `kubectl get`. The
 * input's own name says which kind it is; one that names no kind gets nothing.
 */
export function choicesFromReads(
  input: string,
  reads: readonly { command: string; output: string }[],
): Choice[] {
  const kind = KINDS.find(({ input: names }) => names.test(input.toUpperCase()))
  if (kind === undefined) return []
  const found = new Map<string, Choice>()
  for (const { command, output } of reads) {
    const listed = listedKind(command)
    if (listed === null || !kind.listed.test(listed)) continue
    for (const value of namesIn(output)) {
      if (found.size < MAX_CHOICES && !found.has(value)) found.set(value, { value, from: firstLine(command) })
    }
  }
  return [...found.values()]
}

/** `pods` in `kubectl -n erlmcp get pods -l app=x`; `null` where nothing, or more than one kind, is listed. */
function listedKind(command: string): string | null {
  const line = firstLine(command)
  if (!/\bkubectl\b/.test(line)) return null
  return (
    /\sget\s+(?:-\S+(?:[ =][^\s-]\S*)?\s+)*([a-z][a-z.]*)(?=\s|$)/i.exec(line)?.[1]?.toLowerCase() ?? null
  )
}

const firstLine = (command: string): string =>
  command.split('\n').find((line) => line.trim() !== '' && !line.trim().startsWith('#')) ?? command

function namesIn(output: string): string[] {
  const [head = '', ...rows] = output.split('\n')
  const column = head.trim().split(/\s+/).indexOf('NAME')
  if (column === -1) return []
  return rows.flatMap((row) => {
    const name = row.trim().split(/\s+/)[column] ?? ''
    return NAME.test(name) ? [name] : []
  })
}
