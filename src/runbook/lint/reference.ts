import { LINT_RULES } from './registry.ts'
import type { LintRule } from './rule.ts'

const MEANING = {
  error: 'cannot work, or does harm',
  warning: 'likely trouble at night',
  info: 'hygiene',
} as const

/** The reference of all rules in Markdown; `docs/reference/lint-rules.md` is this text. */
export function renderRules(rules: readonly LintRule[] = LINT_RULES): string {
  const table = rules.map(
    (rule) => `| [${rule.id}](#${rule.id}) | ${rule.severity} | ${cell(rule.summary)} |`,
  )
  return [
    '# Lint rules',
    '',
    'Generated from the rules by `node scripts/generate-reference.ts`; do not edit.',
    '',
    ...Object.entries(MEANING).map(([severity, meaning]) => `- **${severity}**: ${meaning}`),
    '',
    'A finding is silenced, with a reason, by a comment above the place it points at:',
    '`<!-- erlmcp-lint-ignore RULE: reason -->`, or inside a block `# erlmcp-lint-ignore RULE: reason`.',
    'Above a heading it holds for the section, above all text for the page. An ignore without a reason has no effect',
    'and is reported (`ignore-without-reason`), and so is one that nothing needs (`ignore-unused`).',
    '',
    '| rule | severity | finds |',
    '|---|---|---|',
    ...table,
    '',
    ...rules.flatMap(ruleSection),
  ].join('\n')
}

function ruleSection(rule: LintRule): string[] {
  return [
    `## ${rule.id}`,
    '',
    `${rule.summary}. Severity: ${rule.severity}.`,
    '',
    'Found in:',
    '',
    ...fenced(rule.bad),
    'Not in:',
    '',
    ...fenced(rule.good),
  ]
}

const fenced = (example: string): string[] => ['````markdown', example.trimEnd(), '````', '']

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '\\<')
