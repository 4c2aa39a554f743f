import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { loadCommandGrammars } from '../../src/command/index.ts'
import { fixPage } from '../../src/runbook/lint/fix.ts'
import { lintPage } from '../../src/runbook/lint/page.ts'

beforeAll(loadCommandGrammars)

const piece = fc.oneof(
  fc.constantFrom(
    '\n', '\n\n', '# A\n', '## B {#b}\n', '```bash\n', '```\n', '```sql\n', '**Severity:** P2-P3\n', '<pod-name>', '[x](#b)',
    '**Option 1: x**\n', 'kubectl exec x -- psql < y\n', 'kubectl delete pod deploy/x\n', 'dropdb x\n', '- [ ] a\n', '`', '<!--',
    '-->', '<!-- erlmcp-lint-ignore dead-anchor: x -->\n', 'â†’', '---\n', '1. ', '   ', '| a | b |\n|--|--|\n', 'rate(x[5m]) > 0.05\n',
  ), // prettier-ignore
  fc.string({ maxLength: 12 }),
)

test('any text is linted without a throw, and every finding points into it', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join('').replaceAll('\0', '')
      const lines = text.split(/\r\n|\r|\n/)
      const findings = lintPage(text, { path: 'page.md', now: new Date('2026-11-24') })
      for (const { line, column, endLine } of findings) {
        expect(line).toBeGreaterThanOrEqual(1)
        expect(line).toBeLessThanOrEqual(lines.length)
        expect(endLine ?? line).toBeGreaterThanOrEqual(line)
        expect(column).toBeGreaterThanOrEqual(1)
      }
      fixPage(text, findings)
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['backticks', '`'.repeat(200_000)],
  ['open tags', '<a id'.repeat(40_000)],
  ['open comments', '<!-- '.repeat(40_000)],
  ['links', '[a](#b) '.repeat(20_000)],
  ['rates', 'rate(x '.repeat(30_000)],
  [
    'one block with many commands',
    `# A\n\n## B\n\n\`\`\`bash\n${'kubectl rollout undo deployment/x\n'.repeat(3_000)}\`\`\`\n`,
  ],
])('%s without end are linted', (_name, text) => {
  expect(lintPage(text, { path: 'page.md' })).toBeInstanceOf(Array)
})
