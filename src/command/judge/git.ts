import { isKnown } from '../shell/argument.ts'
import type { Argument } from '../shell/argument.ts'
import { TOOLS } from '../tools/index.ts'
import type { Call } from './call.ts'
import { parseOptions } from './options.ts'
import type { ParsedOptions } from './options.ts'
import { judgeTool } from './tool.ts'

const GLOBAL = new Set([
  'C',
  'c',
  'exec-path',
  'git-dir',
  'work-tree',
  'namespace',
  'super-prefix',
  'config-env',
  'list-cmds',
  'attr-source',
])
/** Settings that only change how output looks. */
const PLAIN_SETTING =
  /^(?:color\.[\w.]+|core\.(?:quotepath|abbrev|safecrlf|autocrlf|ignorecase|precomposeunicode)|log\.(?:date|decorate|showsignature|abbrevcommit)|advice\.\w+|diff\.(?:renames|renamelimit|noprefix|mnemonicprefix)|column\.\w+|safe\.directory|http\.sslverify|http\.version|i18n\.\w+|user\.(?:name|email))(?:=|$)/i

/** Commands that list without operands and change something with them. */
const LISTS: Record<string, { values: string; read: string; options: RegExp; lose: RegExp }> = {
  branch: {
    values: 'contains no-contains merged no-merged points-at sort format color column u set-upstream-to',
    read: 'a all r remotes v vv verbose l list show-current contains no-contains merged no-merged points-at sort format color no-color column no-column abbrev no-abbrev i ignore-case q quiet omit-empty',
    options: /^(?:l|list|contains|no-contains|merged|no-merged|points-at|show-current|a|all|r|remotes)$/,
    lose: /^(?:d|D|delete|M|C|f|force)$/,
  },
  tag: {
    values:
      'contains no-contains merged no-merged points-at sort format color column m message F file u local-user cleanup trailer',
    read: 'l list n contains no-contains merged no-merged points-at sort format color column no-column i ignore-case v verify omit-empty',
    options: /^(?:l|list|n|contains|no-contains|merged|no-merged|points-at|v|verify)$/,
    lose: /^(?:d|delete|f|force)$/,
  },
}

export function judgeGit(call: Call): void {
  const parsed = parseOptions(call.args, { values: GLOBAL, style: 'gnu', stops: true })
  for (const { name, value, at } of parsed.options) {
    if (name === 'c' && value !== null && isKnown(value) && PLAIN_SETTING.test(value.value)) continue
    if (name === 'c' || name === 'config-env' || name === 'exec-path') {
      if (name !== 'exec-path' || value !== null || at.value.includes('='))
        call.note('destructive', 'a setting of git that can run something', at, value ?? at)
    }
  }
  const [verb, ...rest] = parsed.operands
  const early = parsed.open.filter((word) => call.args.indexOf(word) <= parsed.firstOperand)
  for (const word of early)
    call.note('destructive', 'a subcommand of git that is not known before it runs', word)
  for (const arg of call.args)
    if (/^(?:ext|fd)::/.test(arg.value)) call.note('destructive', 'a transport that runs a program', arg)
  if (verb?.fixed === true && LISTS[verb.value] !== undefined) return judgeList(call, verb, rest)
  if (verb?.fixed === true && verb.value === 'config') return judgeConfig(call, rest)
  if (verb?.fixed === true && verb.value === 'push') notePush(call, rest)
  const facts = TOOLS.get('git')
  if (facts !== undefined) judgeTool({ ...call, args: parsed.operands }, facts)
}

function judgeList(call: Call, verb: Argument, args: Argument[]): void {
  const list = LISTS[verb.value]
  if (list === undefined) return
  const values = new Set(list.values.split(' '))
  const read = new Set(list.read.split(' '))
  // `--contains` and its like take a value only where one follows; a branch after it is then a pattern or none.
  const parsed: ParsedOptions = parseOptions(args, { values, names: read, style: 'gnu', stops: false })
  for (const word of parsed.open)
    call.note('destructive', 'options or names that are not known before it runs', word)
  for (const { name, candidates, at } of parsed.options) {
    if (candidates.some((one) => list.lose.test(one)))
      call.note('destructive', `git ${verb.value} -${name} drops what the name pointed to`, at)
    else if (!candidates.every((one) => read.has(one)) && !/^\d+$/.test(name))
      call.note('change', `git ${verb.value} changes names`, at)
  }
  const lists = parsed.options.some(({ candidates }) => candidates.every((name) => list.options.test(name)))
  if (parsed.operands.length > 0 && !lists)
    return call.note('change', `makes or moves a ${verb.value}`, call.word, args.at(-1))
  call.note('read', `lists ${verb.value} names`, call.word, args.at(-1))
}

const CONFIG_READS = /^(?:get|get-all|get-regexp|get-urlmatch|get-color|get-colorbool|l|list)$/

function judgeConfig(call: Call, args: Argument[]): void {
  const parsed = parseOptions(args, {
    values: new Set(['f', 'file', 'blob', 'type', 'default']),
    style: 'gnu',
    stops: false,
  })
  const [first, second] = parsed.operands
  const reads = parsed.options.some(({ candidates }) => candidates.every((name) => CONFIG_READS.test(name)))
  const writes = parsed.options.some(({ candidates }) =>
    candidates.some((name) =>
      /^(?:add|unset|unset-all|replace-all|rename-section|remove-section|e|edit)$/.test(name),
    ),
  )
  if (
    parsed.open.length === 0 &&
    !writes &&
    (reads ||
      (first?.fixed === true && /^(?:get|list)$/.test(first.value)) ||
      (first !== undefined && second === undefined && parsed.options.length === 0))
  ) {
    return call.note('read', 'shows settings', call.word, args.at(-1))
  }
  call.note('change', 'changes settings, and settings can run programs', call.word, args.at(-1))
}

/** `+a:b` forces, `:b` deletes. */
function notePush(call: Call, args: Argument[]): void {
  for (const arg of args)
    if (/^[+:]./.test(arg.value)) call.note('destructive', 'overwrites or deletes what others may have', arg)
}
