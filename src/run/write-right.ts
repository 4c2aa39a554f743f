import { outlineShell, parseKubectl } from '../command/index.ts'

/** What the API server counts as a write, although it may only look: an identity that cannot write may not do it. */
const WRITES: Record<string, string> = {
  exec: 'it reaches into a pod',
  attach: 'it reaches into a pod',
  cp: 'it reaches into a pod',
  'port-forward': 'it reaches into a pod',
  debug: 'it reaches into a pod',
  diff: 'it asks the server to try a change',
}

/** Why a command that only reads needs the right to write all the same: "kubectl exec: it reaches …", or `null`. */
export function needsWriteRight(text: string): string | null {
  for (const { words } of outlineShell(text).commands) {
    if (!/(?:^|\/)kubectl$/.test(words[0]?.text ?? '')) continue
    const { verb } = parseKubectl(words.map((word) => word.text))
    const why = Object.hasOwn(WRITES, verb) ? WRITES[verb] : undefined
    if (why !== undefined) return `kubectl ${verb}: ${why}`
  }
  return null
}
