import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkConfig } from './config-check.ts'
import { configKeys } from './config-docs.ts'
import { configSchema, loadConfig } from './config.ts'
import { nearest } from './config-schema.ts'
import { ENVIRONMENT, renderConfig, showConfig } from './config-show.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(text: string): { ERLMCP_CONFIG: string } {
  const name = path.join(folder, `${Math.abs(text.length)}-${text.slice(0, 8).replaceAll(/\W/g, '')}.yaml`)
  writeFileSync(name, text)
  return { ERLMCP_CONFIG: name }
}

const check = (text: string): string[] =>
  checkConfig(file(text), folder).map((each) => `${each.path}: ${each.message}`)

describe('a configuration that is checked', () => {
  test('is valid without a file, and with an empty one', () => {
    expect(checkConfig({}, folder)).toEqual([])
    expect(check('')).toEqual([])
  })

  test('is refused for an unknown key, with the key that was meant, however deep it stands', () => {
    const found = check(
      'lissten: {}\nresponse: { approvalTtlSecond: 5 }\nalerting: { sources: [{ name: a, kind: grafana, grupBy: [x] }] }\n',
    )
    expect(found.toSorted()).toEqual([
      'alerting.sources.0.grupBy: unknown key; did you mean "groupBy"?',
      'lissten: unknown key; did you mean "listen"?',
      'response.approvalTtlSecond: unknown key; did you mean "approvalTtlSeconds"?',
    ])
  })

  test('is told what is known where nothing is near', () => {
    expect(check('metrics: { quux: 1 }\n')).toEqual(['metrics.quux: unknown key; known here: port'])
  })

  test('is told of files that it names and that are not there', () => {
    const [found, ...more] = check(
      'channels: { webhooks: { desk: { url: "http://h/", secretFile: gone } } }\n',
    )
    expect(found).toBe(`channels.webhooks.desk.secretFile: ${path.join(folder, 'gone')} cannot be read`)
    expect(more).toEqual([])
  })

  test('is told of a variable that is no count, and of a file that is no YAML', () => {
    expect(checkConfig({ ERLMCP_DB_POOL_SIZE: 'many' }, folder)[0]?.message).toContain(
      'ERLMCP_DB_POOL_SIZE is "many"',
    )
    expect(check('a: [\n')[0]).toContain('is not valid YAML')
    expect(checkConfig({ ERLMCP_CONFIG: path.join(folder, 'no.yaml') }, folder)[0]?.message).toContain(
      'cannot be read',
    )
  })

  test('keeps the server from starting with the same words', () => {
    expect(() => loadConfig(file('lissten: {}\nlogLevell: info\n'), folder)).toThrow(
      /lissten: unknown key; did you mean "listen"\? \(and 1 more\)/,
    )
  })
})

describe('a configuration that is shown', () => {
  test('says of each value whether it is a default, from the file, or from a variable', () => {
    const env = {
      ...file('listen: { port: 1 }\nresponse: { parallelReads: 3 }\n'),
      ERLMCP_PORT: '9',
      DATABASE_URL: 'postgresql://u:s3cr3t-word@h/d',
    }
    const values = new Map(showConfig(env, folder).map((each) => [each.path, each]))
    expect(values.get('listen.port')).toMatchObject({
      value: 9,
      source: 'environment',
      variable: 'ERLMCP_PORT',
    })
    expect(values.get('listen.host')).toMatchObject({ value: '127.0.0.1', source: 'default' })
    expect(values.get('response.parallelReads')).toMatchObject({ value: 3, source: 'file' })
    expect(renderConfig([...values.values()])).not.toContain('s3cr3t-word')
  })

  test('blanks what a service hands to commands as a secret', () => {
    const env = file('services: { orders: { environment: { operator: { DB_PASSWORD: correct-horse } } } }\n')
    expect(JSON.stringify(showConfig(env, folder))).not.toContain('correct-horse')
  })
})

describe('the keys that are documented', () => {
  test('are those that the schema accepts, each once', () => {
    const paths = configKeys().map((key) => key.path)
    expect(new Set(paths).size).toBe(paths.length)
    const heads = new Set(paths.map((each) => each.split(/[.[]/)[0]))
    expect(Object.keys(configSchema.shape).filter((key) => !heads.has(key))).toEqual([])
  })

  test('name every variable that wins over one', () => {
    const paths = new Set(configKeys().map((key) => key.path))
    const outside = ['configFile', 'dataDir', 'databaseUrl']
    expect(
      ENVIRONMENT.filter((each) => !outside.includes(each.path) && !paths.has(each.path)).map(
        (each) => each.name,
      ),
    ).toEqual([])
  })
})

test('a slip of the pen is told from another word', () => {
  expect(nearest('runbook', ['runbooks', 'sources'])).toBe('runbooks')
  expect(nearest('Sources', ['runbooks', 'sources'])).toBe('sources')
  expect(nearest('teapot', ['runbooks', 'sources'])).toBeNull()
})
