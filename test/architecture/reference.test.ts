import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { referencePages } from '../../scripts/generate-reference.ts'

test.each(Object.entries(referencePages()))('docs/reference/%s says what the code says', (name, text) => {
  const file = path.join('docs/reference', name)
  expect(existsSync(file), `run \`npm run reference\``).toBe(true)
  expect(readFileSync(file, 'utf8')).toBe(text)
})
