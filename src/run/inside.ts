import { outlineShell, parseKubectl } from '../command/index.ts'

/** What the API server counts as `create`, although it may only look: an identity that cannot write may not do it. */
const ENTERS = new Set(['exec', 'attach', 'cp', 'port-forward', 'debug'])

/** The words by which a command reaches into a pod (`kubectl exec`), or `null`. Never throws. */
export function reachesIntoPod(text: string): string | null {
  for (const { words } of outlineShell(text).commands) {
    if (!/(?:^|\/)kubectl$/.test(words[0]?.text ?? '')) continue
    const { verb } = parseKubectl(words.map((word) => word.text))
    if (ENTERS.has(verb)) return `kubectl ${verb}`
  }
  return null
}
