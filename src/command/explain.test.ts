import { beforeAll, expect, test } from 'vitest'
import { analyseCommand, loadCommandGrammars } from './analyse.ts'
import { explainCommand } from './explain.ts'

beforeAll(loadCommandGrammars)

test('an explanation names the risk, the words that cause it, what is inside, and the inputs', () => {
  const text = 'sudo kubectl exec -it <pod> -- sh -c "ps aux | xargs kill -9"'
  const explained = explainCommand(analyseCommand(text), text)
  expect(explained).toContain('risk: destructive')
  expect(explained).toContain('ends processes')
  expect(explained).toContain('kill -9 ?  through sudo, kubectl exec, sh -c, xargs')
  expect(explained).toContain('POD  written <pod>')
})

test('a command that does not parse says so', () => {
  const text = 'kubectl get pods ('
  expect(explainCommand(analyseCommand(text), text)).toContain('does not parse')
})

test('a query of another language names the language', () => {
  expect(explainCommand(analyseCommand('SELECT 1;'), 'SELECT 1;')).toContain('language: sql')
})
