import type { CommandAnalysis, CommandInput, InnerCommand, Language, Reason, Risk } from './model.ts'
import { maskPlaceholders, UNKNOWN } from './placeholders.ts'
import { forEachChild, parseShell } from './shell/parse.ts'
import type { SyntaxNode } from './shell/parse.ts'

const READS = new Set([
  'echo',
  'cat',
  'ls',
  'grep',
  'head',
  'tail',
  'wc',
  'cut',
  'df',
  'du',
  'uptime',
  'date',
  'pwd',
  'jq',
])
const KUBECTL_READS = new Set([
  'get',
  'describe',
  'logs',
  'top',
  'events',
  'explain',
  'version',
  'api-resources',
])
const KUBECTL_CHANGES = new Set([
  'apply',
  'scale',
  'patch',
  'set',
  'label',
  'annotate',
  'cordon',
  'uncordon',
  'create',
])

/** Prepares the grammars that need it; call once before `analyseCommand`. */
export async function loadCommandGrammars(): Promise<void> {
  await Promise.resolve()
}

/** What the command may do. Never throws; what cannot be understood is `destructive`. */
export function analyseCommand(text: string, options: { language?: Language } = {}): CommandAnalysis {
  const language = options.language ?? 'bash'
  const masked = maskPlaceholders(text, language)
  if (language !== 'bash') return unjudged(text, language, masked.inputs, `${language} is not judged`)
  const parsed = parseShell(masked.text)
  if (parsed.script === undefined) return unjudged(text, language, masked.inputs, parsed.error)
  const reasons: Reason[] = []
  const commands: InnerCommand[] = []
  const stack: SyntaxNode[] = [parsed.script]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    forEachChild(node, (child) => stack.push(child))
    if (node.type !== 'Command') continue
    const words = [node.name, ...node.args].map((word) => (word?.type === 'Word' ? word.value : null))
    const risk = riskOf(words.map((word) => (word === null || word.includes(UNKNOWN) ? null : word)))
    const redirected = node.redirects.length > 0 || node.prefix.length > 0
    const final: Risk = redirected ? 'destructive' : risk
    commands.push({ argv: words, risk: final, flags: [], start: node.pos, end: node.end, through: [] })
    reasons.push({
      text: text.slice(node.pos, node.end),
      why: `judged ${final}`,
      risk: final,
      start: node.pos,
      end: node.end,
    })
  }
  const risk = commands.reduce<Risk>((most, command) => highest(most, command.risk), 'read')
  return {
    language, risk, flags: [], reasons, inputs: masked.inputs, commands, parsed: true, changesShell: false,
    runnable: commands.length > 0,
  } // prettier-ignore
}

function riskOf(words: (string | null)[]): Risk {
  const [name, verb, noun] = words
  if (name === null || name === undefined) return 'destructive'
  if (READS.has(name)) return 'read'
  if (name === 'kubectl' && verb === 'rollout')
    return noun === 'status' || noun === 'history' ? 'read' : 'change'
  if (name === 'kubectl' && typeof verb === 'string') {
    if (KUBECTL_READS.has(verb)) return 'read'
    if (KUBECTL_CHANGES.has(verb)) return 'change'
  }
  return 'destructive'
}

const ORDER: Record<Risk, number> = { read: 0, change: 1, destructive: 2 }
function highest(a: Risk, b: Risk): Risk {
  return ORDER[a] >= ORDER[b] ? a : b
}

function unjudged(text: string, language: Language, inputs: CommandInput[], why: string): CommandAnalysis {
  return {
    language, risk: 'destructive', flags: [],
    reasons: [{ text, why: `cannot be judged: ${why}`, risk: 'destructive', start: 0, end: text.length }],
    inputs, commands: [], parsed: false, parseError: why, changesShell: false, runnable: language === 'bash',
  } // prettier-ignore
}
