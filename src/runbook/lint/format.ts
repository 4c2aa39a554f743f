/** Findings for people, programs, code scanning (SARIF 2.1.0) and GitHub's workflow annotations. */
import { LINT_RULES } from './registry.ts'
import type { Finding, LintSeverity } from './rule.ts'

export const LINT_FORMATS = ['human', 'json', 'sarif', 'github'] as const
export type LintFormat = (typeof LINT_FORMATS)[number]

export interface FormatOptions {
  /** Pages looked at, for the sum at the end. */
  pages?: number
  /** Version shown in SARIF. */
  version?: string
}

export function formatFindings(
  findings: readonly Finding[],
  format: LintFormat,
  options: FormatOptions = {},
): string {
  if (format === 'json') return `${JSON.stringify(findings.map(plainFinding), null, 2)}\n`
  if (format === 'sarif') return `${JSON.stringify(sarif(findings, options.version ?? '0.0.0'), null, 2)}\n`
  if (format === 'github') return findings.map(githubLine).join('')
  return human(findings, options.pages)
}

const plainFinding = ({
  rule,
  severity,
  file,
  line,
  column,
  message,
  remedy,
}: Finding): Record<string, unknown> => ({
  rule,
  severity,
  file,
  line,
  column,
  message,
  remedy,
})

function human(findings: readonly Finding[], pages: number | undefined): string {
  const blocks = findings.map(
    (one) =>
      `${one.file}:${one.line}:${one.column} ${one.severity} ${one.rule}\n` +
      `    ${one.excerpt}\n` +
      `  ${one.message}\n` +
      `  → ${one.remedy}\n`,
  )
  const looked = pages === undefined ? '' : `${pages} ${pages === 1 ? 'page' : 'pages'}: `
  const sum = (['error', 'warning', 'info'] as const)
    .map((severity) => counted(findings, severity))
    .join(', ')
  return [...blocks, `${looked}${findings.length === 0 ? 'nothing found' : sum}\n`].join('\n')
}

function counted(findings: readonly Finding[], severity: LintSeverity): string {
  const count = findings.filter((one) => one.severity === severity).length
  if (severity === 'info') return `${count} info`
  return `${count} ${severity}${count === 1 ? '' : 's'}`
}

function githubLine(one: Finding): string {
  const command = one.severity === 'info' ? 'notice' : one.severity
  const properties = [
    `file=${escapeProperty(one.file)}`,
    `line=${one.line}`,
    ...(one.endLine === undefined ? [] : [`endLine=${one.endLine}`]),
    `col=${one.column}`,
    `title=${escapeProperty(one.rule)}`,
  ]
  return `::${command} ${properties.join(',')}::${escapeData(`${one.message}. ${one.remedy}`)}\n`
}

const escapeData = (text: string): string =>
  text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')
const escapeProperty = (text: string): string => escapeData(text).replace(/:/g, '%3A').replace(/,/g, '%2C')

const LEVELS: Record<LintSeverity, string> = { error: 'error', warning: 'warning', info: 'note' }

function sarif(findings: readonly Finding[], version: string): Record<string, unknown> {
  const used = new Set(findings.map((one) => one.rule))
  const rules = LINT_RULES.filter((rule) => used.has(rule.id)).map((rule) => ({
    id: rule.id,
    shortDescription: { text: rule.summary },
    defaultConfiguration: { level: LEVELS[rule.severity] },
  }))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'erlmcp', version, rules } },
        columnKind: 'utf16CodeUnits',
        results: findings.map((one) => ({
          ruleId: one.rule,
          level: LEVELS[one.severity],
          message: { text: `${one.message}. ${one.remedy}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: fileUri(one.file) },
                region: {
                  startLine: one.line,
                  startColumn: one.column,
                  ...(one.endLine === undefined ? {} : { endLine: one.endLine }),
                },
              },
            },
          ],
        })),
      },
    ],
  }
}

const fileUri = (file: string): string => file.split('/').map(encodeURIComponent).join('/')
