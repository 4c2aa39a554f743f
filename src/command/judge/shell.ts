import { isKnown } from '../shell/argument.ts'
import type { Argument } from '../shell/argument.ts'
import type { Call } from './call.ts'

const VALUED = new Set(['-o', '+o', '-O', '+O', '--init-file', '--rcfile'])

/** `bash -c CODE`, a script, code on standard input, or a session of its own. */
export function judgeShell(call: Call): void {
  const { args } = call
  let code = false
  let index = 0
  for (; index < args.length; index++) {
    const arg = args[index]
    if (arg === undefined || !isKnown(arg) || !/^[-+]./.test(arg.value)) break
    if (arg.value === '--version' || arg.value === '--help')
      return call.note('read', 'prints its version or help', call.word, arg)
    if (/^--(?:init-file|rcfile)/.test(arg.value))
      return call.note('destructive', 'runs a start-up file', arg, args[index + 1])
    if (/^-[a-zA-Z]*c/.test(arg.value) && !arg.value.startsWith('--')) code = true
    if (VALUED.has(arg.value) || /^-[a-zA-Z]*[oO]$/.test(arg.value)) index++
    if (/^-\w*[il]/.test(arg.value) && !arg.value.startsWith('--')) noteStartUp(call, arg)
  }
  const [first, ...rest] = args.slice(index)
  if (code) return judgeCode(call, first, rest)
  if (first !== undefined && first.value !== '-' && !isStandardInput(first)) {
    return call.note('destructive', 'runs a script that cannot be judged', call.word, first)
  }
  judgeInput(call)
}

/** A login or interactive shell first reads the profile of the person, which is theirs and taken as it is. */
function noteStartUp(call: Call, at: Argument): void {
  call.note('read', 'reads the start-up files of the account', at)
}

function judgeCode(call: Call, code: Argument | undefined, rest: Argument[]): void {
  if (code === undefined) return call.note('destructive', 'has no code to run', call.word)
  call.shell(code, {
    through: `${call.name} -c`,
    stdin: call.stdin,
    positional: rest.length > 0,
    where: 'local',
  })
}

function isStandardInput(arg: Argument): boolean {
  return arg.value === '-s' || arg.value === '/dev/stdin'
}

function judgeInput(call: Call): void {
  switch (call.stdin.kind) {
    case 'text':
      return call.shell(call.stdin.text, { through: call.name, where: 'local', positional: true })
    case 'data':
      return call.note(
        'destructive',
        'runs whatever it is given on standard input',
        call.word,
        call.args.at(-1),
      )
    case 'empty':
      return call.note('read', 'is given nothing to run', call.word)
    case 'none':
      return call.note('destructive', 'opens a shell for a person', call.word, call.args.at(-1), [
        'interactive',
      ])
  }
}
