import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadCommandGrammars } from '../../command/index.ts'
import { bash } from './example.ts'
import { fixPage } from './fix.ts'
import { formatFindings } from './format.ts'
import { lintPage } from './page.ts'

beforeAll(loadCommandGrammars)

const now = new Date('2026-11-24T00:00:00Z')
const rules = (text: string): string[] => lintPage(text, { path: 'page.md', now }).map((one) => one.rule)

describe('ignores', () => {
  const command = 'kubectl get secret web -n shop -o yaml'

  test('an ignore with a reason silences one rule on the block below it', () => {
    const page = bash(command).replace(
      '```bash',
      '<!-- erlmcp-lint-ignore secret-in-output: only hashes in there -->\n```bash',
    )
    expect(rules(page)).toEqual([])
  })

  test('in a block it silences the next command and no other', () => {
    const page = bash('# erlmcp-lint-ignore secret-in-output: only hashes', command, command)
    expect(lintPage(page, { path: 'page.md' }).map((one) => [one.rule, one.line])).toEqual([
      ['secret-in-output', 8],
    ])
  })

  test('above a heading it holds for the section, above all text for the page', () => {
    const ignore = '<!-- erlmcp-lint-ignore secret-in-output: only hashes in there -->'
    expect(rules(bash(command).replace('## Steps', `${ignore}\n## Steps`))).toEqual([])
    expect(rules(`${ignore}\n${bash(command)}`)).toEqual([])
  })

  test('an ignore without a reason has no effect and is reported', () => {
    const page = bash(command).replace('```bash', '<!-- erlmcp-lint-ignore secret-in-output -->\n```bash')
    expect(rules(page)).toEqual(['ignore-without-reason', 'secret-in-output'])
  })

  test('an ignore that nothing needs is reported', () => {
    const page = bash('kubectl get pods').replace(
      '```bash',
      '<!-- erlmcp-lint-ignore secret-in-output: was needed -->\n```bash',
    )
    expect(rules(page)).toEqual(['ignore-unused'])
  })
})

describe('mending', () => {
  const mend = (text: string) => fixPage(text, lintPage(text, { path: 'page.md', now }))

  test('what is safe to mend is mended, and linting again finds it gone', () => {
    const page = bash(
      'kubectl exec -n shop db-0 -- psql -U shop -d shop < x.sql',
      'curl -s --max-time 5 https://web.example/health',
    )
    const { text, fixed } = mend(page)
    expect(text).toContain('kubectl exec -i -n shop db-0 -- psql -v ON_ERROR_STOP=1 -U shop -d shop < x.sql')
    expect(text).toContain('curl -f -s --max-time 5 https://web.example/health')
    expect(fixed.map((one) => one.rule)).toEqual([
      'sql-without-on-error-stop',
      'exec-without-stdin',
      'curl-cannot-fail',
    ])
    expect(rules(text)).toEqual([])
  })

  test('line ends and the byte order mark stay as they were, also where mojibake is repaired', () => {
    const page = `\uFEFF# A â†’ B\r\n\r\n## Steps\r\n\r\nLook at <pod-name> â†’ now.\r\n`
    expect(mend(page).text).toBe('\uFEFF# A → B\r\n\r\n## Steps\r\n\r\nLook at `<pod-name>` → now.\r\n')
  })

  test('a page without anything to mend comes back as it was', () => {
    const page = bash('kubectl get pods -n shop')
    expect(mend(page)).toEqual({ text: page, fixed: [] })
  })
})

describe('formats', () => {
  const findings = lintPage(bash('kubectl endpoints web'), { path: 'docs/a b.md' })

  test('people see the place, the line, what is wrong and what to write', () => {
    expect(formatFindings(findings, 'human', { pages: 1 })).toBe(
      'docs/a b.md:6:9 error kubectl-unknown-command\n' +
        '    kubectl endpoints web\n' +
        '  kubectl has no command "endpoints"\n' +
        '  → Did you mean "kubectl get endpoints"?\n\n' +
        '1 page: 1 error, 0 warnings, 0 info\n',
    )
  })

  test('JSON is an array of plain findings', () => {
    expect(JSON.parse(formatFindings(findings, 'json'))).toEqual([
      {
        rule: 'kubectl-unknown-command', severity: 'error', file: 'docs/a b.md', line: 6, column: 9,
        message: 'kubectl has no command "endpoints"', remedy: 'Did you mean "kubectl get endpoints"?',
      },
    ]) // prettier-ignore
  })

  test('SARIF names the rule, the level and the place', () => {
    expect(JSON.parse(formatFindings(findings, 'sarif', { version: '1.2.3' }))).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'erlmcp', version: '1.2.3', rules: [{ id: 'kubectl-unknown-command' }] } },
          results: [
            {
              ruleId: 'kubectl-unknown-command',
              level: 'error',
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'docs/a%20b.md' },
                    region: { startLine: 6, startColumn: 9 },
                  },
                },
              ],
            },
          ],
        },
      ],
    })
  })

  test('GitHub annotations escape what would end them', () => {
    expect(formatFindings(findings, 'github')).toBe(
      '::error file=docs/a b.md,line=6,col=9,title=kubectl-unknown-command::kubectl has no command "endpoints". Did you mean "kubectl get endpoints"?\n',
    )
  })
})

test('dates are judged only when the time is given', () => {
  const page = `---\nnext_review: 2020-01-01\n---\n${bash('kubectl get pods')}`
  expect(lintPage(page, { path: 'page.md' })).toEqual([])
  expect(rules(page)).toEqual(['review-overdue'])
})

/** Where the operational runbooks of erlmcp lie when the tests run beside them. */
const PAGE = path.resolve(import.meta.dirname, '../../../../shared/seed/OPERATIONAL_RUNBOOKS.md')
const EXPECTED: [string, number[]][] = [
  ['kubectl-unknown-command', [657]], ['kubectl-unknown-resource', [647]], ['kubectl-type-and-name', [140]],
  ['kubectl-unknown-flag', [252]], ['other-language-in-block', [66, 207, 296, 351]], ['shell-syntax', [370]],
  ['query-in-comment', [82]], ['rate-against-per-cent', [82]], ['grep-never-matches', [198]],
  ['exec-without-stdin', [567]], ['sql-without-on-error-stop', [567]], ['createdb-without-owner', [563]],
  ['destroy-before-backup-check', [559]], ['drop-with-open-sessions', [559]], ['alternatives-in-sequence', [733, 841]],
  ['tty-in-pipeline', [223]], ['curl-cannot-fail', [163, 664, 746, 844, 845]], ['logs-of-one-pod', [102]],
  ['secret-in-output', [682]], ['terminate-without-limit', [398]], ['idle-counted-as-running', [377]],
  ['absolute-scale', [128, 243, 311, 499, 619]], ['needless-restart', [392]],
  ['mitigation-without-verification', [235, 246, 255, 309, 314, 322, 385, 395, 403]],
  ['procedure-without-alert', [55, 180, 267, 330, 413]], ['trigger-without-threshold', [332, 415]],
  ['severity-range', [270]], ['response-time-range', [271]], ['review-overdue', [866]],
  ['dead-anchor', [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]],
  ['undeclared-placeholder', [198, 584]], ['false-automatic-rollback', [711, 714]],
  ['mojibake', [32, 33, 34, 41, 43, 45, 47, 49, 208, 761, 771, 782]],
  ['unbounded-logs', [118, 366, 644, 675, 702]], ['find-deletes-too-much', [474]], ['comment-only-block', [80, 713]],
  ['sample-values-in-template', [763, 773, 783, 796]], ['exec-into-crashing-pod', [447, 470, 473]],
  ['bare-pod-deleted', [405]], ['traffic-before-ready', [622]], ['set-resources-all-containers', [238, 462, 512]],
  ['erl-eval-without-noshell', [448]], ['backup-not-verified', [541]], ['backup-overwrites', [541]],
  ['not-in-contents', [820]], ['contact-without-address', [851]],
  ['endless-command', [76, 102, 134, 143, 163, 284, 408, 436, 574, 749]], ['endless-blocks-the-rest', [502, 696, 831]],
] // prettier-ignore

describe.skipIf(!existsSync(PAGE))('the operational runbooks of erlmcp', () => {
  const findings = existsSync(PAGE) ? lintPage(readFileSync(PAGE), { path: PAGE, now }) : []
  const linesOf = (rule: string): number[] =>
    findings.filter((one) => one.rule === rule).map((one) => one.line)

  test.each(EXPECTED)('%s is found in its lines', (rule, lines) => {
    expect(linesOf(rule)).toEqual(lines)
  })

  test('interactive sessions are found in their lines', () => {
    expect(linesOf('interactive-command')).toEqual(expect.arrayContaining([204, 351]))
  })

  test('commands that are right stay silent', () => {
    for (const line of [72, 73, 192, 277, 278, 317, 342, 529, 606, 649, 660, 667, 727]) {
      expect(findings.filter((one) => one.line === line && one.severity !== 'info')).toEqual([])
    }
  })

  test('what is mended is not found again, and the rest is unchanged', () => {
    const { text, fixed } = fixPage(readFileSync(PAGE), findings)
    const left = lintPage(text, { path: PAGE, now })
    expect(fixed.length).toBeGreaterThan(25)
    expect(left.map((one) => one.rule)).not.toContain('mojibake')
    expect(left.map((one) => one.rule)).not.toContain('dead-anchor')
    expect(
      left.filter((one) => !findings.some((each) => each.rule === one.rule && each.line === one.line)),
    ).toEqual([])
  })
})
