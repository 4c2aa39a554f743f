import type { Call, Judge } from './call.ts'
import { openWord, refuse, say } from './say.ts'

/** Programs that show pages to a person, and can run others. */
export const PAGER_JUDGES: Record<string, Judge> = {
  ...Object.fromEntries(
    ['vi', 'vim', 'nvim', 'view', 'nano', 'pico', 'emacs', 'emacsclient', 'joe', 'mcedit', 'ed', 'ex'].map(
      (name): [string, Judge] => [name, judgeEditor],
    ),
  ),
  less: judgePager,
  more: judgePager,
  most: judgePager,
  man: judgeMan,
  info: judgeMan,
}

function judgePager(call: Call): void {
  if (openWord(call)) return
  for (const [index, arg] of call.args.entries()) {
    if (arg.value.startsWith('+') && !/^\+(?:\d+|[FG]|\/[^!|]*)$/.test(arg.value))
      return refuse(call, 'runs a command of the pager')
    if (/^-\w*[kL]|^--(?:lesskey|no-lessopen)/.test(arg.value) && /^-\w*k|^--lesskey/.test(arg.value))
      return refuse(call, 'reads keys that can run a command')
    if (/^-\w*[oO]|^--(?:log-file|LOG-FILE)/.test(arg.value))
      return say(call, 'change', 'writes a file', ['interactive'])
    if (/^-[tT]$/.test(arg.value) && call.args[index + 1] === undefined) return refuse(call, 'reads tags')
  }
  const follows = call.args.some((arg) => arg.value === '+F')
  say(call, 'read', 'shows pages to a person', follows ? ['endless', 'interactive'] : ['interactive'])
}

function judgeMan(call: Call): void {
  if (openWord(call)) return
  const runs = call.args.some((arg) =>
    /^-\w*[PHCX]|^--(?:pager|html|browser|config|gxditview|preprocessor|output|restore|dribble|init-file)/.test(
      arg.value,
    ),
  )
  if (runs) return refuse(call, 'runs a program of its own')
  say(
    call,
    'read',
    'shows a manual page to a person',
    call.args.some((arg) => /^-[kfw]/.test(arg.value)) ? [] : ['interactive'],
  )
}

/** An editor can run anything it is told at its start: `vim -c`, `vim +cmd`, `emacs --eval`. */
function judgeEditor(call: Call): void {
  if (openWord(call)) return
  const told = call.args.some((arg) =>
    /^\+(?!\d*$)|^-{1,2}(?:c|cmd|S|s|u|U|e|es|l|f|eval|load|execute|batch|script)\b|^-[a-zA-Z]*[cSsuUe]/.test(
      arg.value,
    ),
  )
  if (told || call.stdin.kind === 'text' || call.stdin.kind === 'data')
    return refuse(call, 'runs commands of the editor', ['interactive'])
  say(call, 'change', 'opens an editor', ['interactive'])
}
