import { beforeAll, expect, test } from 'vitest'
import { loadCommandGrammars } from '../../command/index.ts'
import { lintPage } from './page.ts'

beforeAll(loadCommandGrammars)

test.each([
  ['set env with -e', 'kubectl set env deployment/web -n shop -e POOL_SIZE=8'],
  ['top nodes without a namespace', 'kubectl top nodes'],
  ['exec into a deployment', 'kubectl exec deployment/web -n shop -- date'],
  ['logs of a deployment', 'kubectl logs deployment/web -n shop --tail=50'],
  ['null in a patch', `kubectl patch service web -n shop -p '{"spec":{"selector":{"maintenance":null}}}'`],
])('%s is no error and no warning', (_, command) => {
  const page = `# Example\n\n## Look\n\n1. Do it\n\n   \`\`\`bash\n   ${command}\n   \`\`\`\n`
  const found = lintPage(page, { path: 'example.md' }).filter(({ line }) => line === 8)
  expect(found.filter(({ severity }) => severity !== 'info')).toEqual([])
})
