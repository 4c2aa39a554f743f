import { blockMates, hasFlag, kubectlOf, placeOf, programOf, wordTexts } from '../context.ts'
import type { LintCall, LintContext, PlacedCommand } from '../context.ts'
import { bash } from '../example.ts'
import type { LintRule, Problem } from '../rule.ts'

/** Whether it goes on until somebody stops it. */
export function isEndless(call: LintCall): boolean {
  if (call.pipedInto.some((words) => /^(?:head|sed)$/.test(words[0]?.text ?? ''))) return false
  if (call.through.includes('timeout')) return false
  const kubectl = kubectlOf(call)
  if (kubectl !== null) {
    if (kubectl.verb === 'logs') return hasFlag(kubectl, 'follow')
    if (kubectl.verb === 'get' || kubectl.verb === 'events') return hasFlag(kubectl, 'watch', 'watch-only')
    return kubectl.verb === 'port-forward' || kubectl.verb === 'proxy'
  }
  const words = wordTexts(call.words).filter((text) => text !== null)
  const has = (pattern: RegExp): boolean => words.some((word) => pattern.test(word))
  const program = programOf(call)
  if (program === 'watch') return true
  if (program === 'tail') return has(/^-\d*[a-zA-Z]*[fF]\w*$|^--follow/)
  if (program === 'ping' || program === 'ping6') return !has(/^-\w*[cw]\d*$|^--count/) && words.length > 1
  if (program === 'journalctl') return has(/^-\w*f\w*$|^--follow$/)
  return false
}

const endlessCallOf = ({ calls }: PlacedCommand): LintCall | undefined =>
  calls.find((call) => !call.captured && !background(calls) && isEndless(call))

/** Somebody who starts it in the background knows that it goes on. */
const background = (calls: LintCall[]): boolean =>
  calls.some((call) => programOf(call) === 'kill' || programOf(call) === 'nohup')

function endlessProblem(placed: PlacedCommand, call: LintCall, message: string, remedy: string): Problem {
  return { ...placeOf(placed.command, call.start), endLine: placed.command.position.endLine, message, remedy }
}

const startsInBackground = ({ command }: PlacedCommand): boolean => /&\s*$/.test(command.text)

function check(context: LintContext, blocking: boolean): Problem[] {
  return context.commands.flatMap((placed) => {
    if (placed.command.tag === 'inline' || startsInBackground(placed)) return []
    const call = endlessCallOf(placed)
    if (call === undefined) return []
    const next = blockMates(context, placed).find(
      (one) => one.command.line > placed.command.line && one.command.runnable,
    )
    if ((next !== undefined) !== blocking) return []
    const what = wordTexts(call.words)
      .map((text) => text ?? '…')
      .join(' ')
    const shown = `"${what.length > 60 ? `${what.slice(0, 59)}…` : what}"`
    if (next !== undefined) {
      return [
        endlessProblem(
          placed,
          call,
          `${shown} does not end, so line ${next.command.line} of the same block is never reached`,
          'Move it to the end or into a step of its own, or give it a limit: --timeout, timeout 60, --tail without -f.',
        ),
      ]
    }
    return [
      endlessProblem(
        placed,
        call,
        `${shown} runs until somebody stops it`,
        'Say for how long or until what to look ("for 5 minutes", "until READY is 1/1"), or use a command that waits for it: kubectl rollout status, kubectl wait.',
      ),
    ]
  })
}

export const ENDLESS_RULES: LintRule[] = [
  {
    id: 'endless-blocks-the-rest',
    severity: 'warning',
    summary: 'A command that does not end stands before others of the same block',
    bad: bash('kubectl get pods -n shop -w', 'kubectl top nodes'),
    good: bash(
      'kubectl wait pod -l app=web -n shop --for=condition=Ready --timeout=60s',
      'kubectl top nodes',
    ),
    check: (context) => check(context, true),
  },
  {
    id: 'endless-command',
    severity: 'info',
    summary: 'A command that runs until somebody stops it',
    bad: bash('kubectl get pods -n shop -w'),
    good: bash('kubectl wait pod -l app=web -n shop --for=condition=Ready --timeout=60s'),
    check: (context) => check(context, false),
  },
]
