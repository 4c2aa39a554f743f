import type { Argument } from '../shell/argument.ts'
import { isKnown } from '../shell/argument.ts'
import type { Call } from './call.ts'
import { isNoFile } from './tool.ts'
import { replaceMark } from './wrapper.ts'

/** Tests and options by how many words follow them (GNU findutils 4.9, and BSD's). */
const WORDS: Record<string, number> = Object.fromEntries([
  ...[
    'P', 'L', 'H', 'E', 'X', 'd', 'x', 's', 'depth', 'mount', 'xdev', 'noleaf', 'ignore_readdir_race',
    'noignore_readdir_race', 'daystart', 'follow', 'warn', 'nowarn', 'empty', 'executable', 'readable', 'writable',
    'nouser', 'nogroup', 'true', 'false', 'print', 'print0', 'ls', 'prune', 'quit', 'not', 'a', 'and', 'o', 'or',
    'help', 'version',
  ].map((name): [string, number] => [name, 0]),
  ...[
    'D', 'O', 'f', 'maxdepth', 'mindepth', 'regextype', 'amin', 'anewer', 'atime', 'cmin', 'cnewer', 'ctime', 'fstype', 'gid',
    'group', 'ilname', 'iname', 'inum', 'ipath', 'iregex', 'iwholename', 'links', 'lname', 'mmin', 'mtime', 'name',
    'newer', 'path', 'perm', 'regex', 'samefile', 'size', 'type', 'uid', 'used', 'user', 'wholename', 'xtype', 'context',
    'printf', 'files0-from', 'flags',
  ].map((name): [string, number] => [name, 1]),
]) // prettier-ignore
const WRITES: Record<string, number> = { fprint: 1, fprint0: 1, fls: 1, fprintf: 2 }
const RUNS = new Set(['exec', 'execdir', 'ok', 'okdir'])

export function judgeFind(call: Call): void {
  const { args } = call
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]
    if (arg === undefined) break
    if (arg.open) call.note('destructive', 'tests or actions of find that are not known before it runs', arg)
    if (!arg.value.startsWith('-') || arg.value === '-' || arg.value === '--') continue
    const name = arg.value.slice(1)
    if (RUNS.has(name)) index = judgeAction(call, args, index)
    else if (name === 'delete') call.note('destructive', 'deletes what it finds', arg)
    else if (WRITES[name] !== undefined) {
      const file = args[index + 1]
      if (file === undefined || !isNoFile(file)) call.note('change', 'writes a file', arg, file)
      index += WRITES[name]
    } else if (WORDS[name] !== undefined) index += WORDS[name]
    else if (!/^(?:O[0-3]|newer[aBcmt]{2}|\d+)$/.test(name) || !isKnown(arg)) {
      call.note('destructive', `find has no test ${arg.value} that is known`, arg)
    } else if (name.startsWith('newer')) index++
  }
  call.note('read', 'looks for files', call.word, args.at(-1))
}

/** `-exec COMMAND {} ;` and `-exec COMMAND {} +`; returns the place of the end mark. */
function judgeAction(call: Call, args: Argument[], from: number): number {
  const words: Argument[] = []
  let end = from + 1
  for (; end < args.length; end++) {
    const word = args[end]
    if (word === undefined || word.value === ';' || (word.value === '+' && args[end - 1]?.value === '{}'))
      break
    words.push(replaceMark(word, '{}', false))
  }
  if (words.length === 0) call.note('destructive', 'the action of find is not known', args[from])
  else call.run(words, { through: `find ${args[from]?.value ?? ''}`, stdin: { kind: 'none' } })
  return end
}
