import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRedactor } from './redact.ts'

const SECRET = 'correct horse/battery+staple=9'
const PEM = [
  '-----BEGIN RSA PRIVATE KEY-----',
  'MIIEowIBAAKCAQEAt3Jq0mWv1c5sKm2oQpXk9a7Yw0bLr8dHfPzE4uNnTgVhCxSj',
  'Zk3R0yMqB6eUoJtIiWcGlDsAvFpHn1x2z4Q5w6E7r8T9y0U1i2O3p4A5s6D7f8G9h',
  '-----END RSA PRIVATE KEY-----',
].join('\n')
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJvbi1jYWxsIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'

const plain = createRedactor()

describe('secrets with a known form', () => {
  test.each([
    ['an authorization header', '> Authorization: Bearer abc.def-123', 'abc.def-123'],
    ['a basic header', 'authorization: Basic b25jYWxsOmh1bnRlcjI=', 'b25jYWxsOmh1bnRlcjI='],
    ['a PagerDuty header', 'Authorization: Token token=y_NbAkKc66ryYTWUXYEu', 'y_NbAkKc66ryYTWUXYEu'],
    ['a bearer token in prose', 'sent bearer 9f86d081884c7d659a2f', '9f86d081884c7d659a2f'],
    ['a password in a URL', 'postgres://app:s3cr3t/x@db:5432/app', 's3cr3t/x'],
    ['PGPASSWORD', 'PGPASSWORD=hunter2 psql -h db', 'hunter2'],
    ['a quoted password with spaces', `export DB_PASSWORD='two words'`, 'two words'],
    ['a JSON member', '{"user":"a","password":"x\\"y z","port":1}', 'x\\"y z'],
    ['JSON inside JSON', '{"msg":"{\\"api_key\\":\\"abc123xyz\\"}"}', 'abc123xyz'],
    ['a YAML value', 'client_secret: 8f14e45f', '8f14e45f'],
    ['a command option', 'vault login --token hvsabc', 'hvsabc'],
    ['a curl user', 'curl -s -u admin:letmein http://x', 'letmein'],
    ['an environment entry of a pod', '- name: ERLMCP_DB_PASSWORD\n  value: opensesame', 'opensesame'],
    ['an environment entry in JSON', '{"name": "API_TOKEN",\n "value": "opensesame"}', 'opensesame'],
    ['a connection string', 'Server=db;Uid=app;Pwd=opensesame;', 'opensesame'],
    ['an AWS key id', 'key AKIAIOSFODNN7EXAMPLE used', 'AKIAIOSFODNN7EXAMPLE'],
    ['an AWS secret', 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG', 'wJalrXUtnFEMI/K7MDENG'],
    ['a JWT', `token ${JWT}`, JWT],
    ['a Slack token', 'xoxb-123456789012-abcdefghij', 'xoxb-123456789012-abcdefghij'],
    ['a Slack webhook', 'https://hooks.slack.com/services/T0/B0/abcdefgh', 'T0/B0/abcdefgh'],
    ['a GitHub token', `ghp_${'a1B2'.repeat(9)}`, `ghp_${'a1B2'.repeat(9)}`],
    ['a session cookie', 'Set-Cookie: sid=31d4d96e407aad42; Path=/', '31d4d96e407aad42'],
    ['a password that is not ASCII', 'password=pàsswörd§', 'pàsswörd§'],
  ])('%s is blanked', (_, text, secret) => {
    const shown = plain.text(text)
    expect(shown).not.toContain(secret)
    expect(shown).toContain('[redacted]')
  })

  test('a private key is blanked to its end and the text after it stays', () => {
    expect(plain.text(`before\n${PEM}\nafter`)).toBe(
      'before\n-----BEGIN RSA PRIVATE KEY-----[redacted]-----END RSA PRIVATE KEY-----\nafter',
    )
  })

  test.each([
    'NAME                READY   STATUS             RESTARTS\nerlmcp-tcps-7c9d4   1/1     CrashLoopBackOff   12',
    'http://host:8080/path/user@example.com',
    'PWD=/home/oncall OLDPWD=/var/log',
    'PGPASSWORD=$DB_PASSWORD psql',
    'secretName: erlmcp-tls',
    'max_tokens: 100',
    'basic troubleshooting of the bearer plate',
    'http_requests_total{code="500"} 12',
    'the password was changed',
    'über 5 % Fehler – naïve façade',
  ])('ordinary text stays as it is: %s', (text) => {
    expect(plain.text(text)).toBe(text)
  })

  test('what was redacted once does not change when it is redacted again', () => {
    const once = plain.text('password=hunter2 postgres://a:b@c "token": "x y"')
    expect(plain.text(once)).toBe(once)
  })
})

const SECRET_YAML = [
  'apiVersion: v1',
  'data:',
  '  password: aHVudGVyMg==',
  '  tls.key: LS0tLS1C',
  'kind: Secret',
  'metadata:',
  '  name: erlmcp-db',
  '',
].join('\n')
const SECRET_JSON = JSON.stringify(
  {
    apiVersion: 'v1',
    data: { first: 'aHVudGVyMg==', second: 'c2Vjb25k' },
    kind: 'Secret',
    metadata: { name: 'x' },
  },
  null,
  4,
)
const SECRET_LIST = [
  'items:',
  '- apiVersion: v1',
  '  data:',
  '    first: aHVudGVyMg==',
  '  kind: Secret',
  '',
].join('\n')
const KIND_FIRST = [
  'kind: Secret',
  'metadata:',
  '  name: x',
  'stringData:',
  '  first: hunter2',
  'type: Opaque',
  '',
].join('\n')
const CONFIG_MAP = SECRET_YAML.replace('Secret', 'ConfigMap')
  .replace('password', 'mode')
  .replace('tls.key', 'level')

describe('manifests of Kubernetes', () => {
  test('the data of a Secret is blanked, its field names and the rest stay', () => {
    expect(plain.text(SECRET_YAML)).toBe(
      SECRET_YAML.replace('aHVudGVyMg==', '[redacted]').replace('LS0tLS1C', '[redacted]'),
    )
  })

  test.each([
    ['in JSON', SECRET_JSON],
    ['in compact JSON', JSON.stringify(JSON.parse(SECRET_JSON))],
    ['in JSON inside JSON', JSON.stringify(JSON.stringify(JSON.parse(SECRET_JSON)))],
    ['in a list', SECRET_LIST],
    ['with its kind first', KIND_FIRST],
    [
      'in JSON with its kind first',
      '{"kind":"Secret","metadata":{"name":"x"},"data":{"first":"aHVudGVyMg=="}}',
    ],
  ])('a Secret %s is blanked', (_, manifest) => {
    for (const size of [1, 7, 64, manifest.length]) {
      const stream = plain.stream()
      let shown = ''
      for (let at = 0; at < manifest.length; at += size)
        shown += stream.push(Buffer.from(manifest.slice(at, at + size))).toString()
      shown += stream.end().toString()
      expect(shown).not.toMatch(/aHVudGVyMg|c2Vjb25k|hunter2/)
      expect(shown).toContain('first')
    }
  })

  test('a ConfigMap stays readable', () => {
    expect(plain.text(CONFIG_MAP)).toBe(CONFIG_MAP)
    const stream = plain.stream()
    expect(stream.push(Buffer.from(CONFIG_MAP)).toString()).toBe(CONFIG_MAP)
  })

  test('a block whose kind does not come is blanked when it grows too large to hold', () => {
    const stream = plain.stream()
    let shown = stream.push(Buffer.from('data:\n')).toString()
    for (let line = 0; line < 4_000; line += 1)
      shown += stream.push(Buffer.from('  key: dmFsdWUtb2YtdGhlLWtleQ==\n')).toString()
    shown += stream.push(Buffer.from('kind: Secret\nmetadata: end\n')).toString() + stream.end().toString()
    expect(shown).not.toContain('dmFsdWUtb2Y')
    expect(shown).toContain('metadata: end')
  })
})

describe('given secrets', () => {
  const redactor = createRedactor({ secrets: [SECRET, 'x'] })

  test.each([
    ['plain', SECRET],
    ['URL-encoded', encodeURIComponent(SECRET)],
    ['URL-encoded in lower case', encodeURIComponent(SECRET).toLowerCase()],
    ['as a form value', encodeURIComponent(SECRET).replaceAll('%20', '+')],
    ['base64', Buffer.from(SECRET).toString('base64')],
    ['base64 for URLs', Buffer.from(SECRET).toString('base64url')],
  ])('are blanked %s', (_, form) => {
    expect(redactor.text(`value ${form} end`)).not.toContain(form.replace(/=+$/, ''))
  })

  test('are blanked inside longer base64, at every alignment, also when it is wrapped', () => {
    for (const before of ['', 'a', 'ab', 'abc']) {
      const encoded = Buffer.from(`${before}${SECRET}:tail`).toString('base64')
      const wrapped = encoded.replace(/.{10}/g, '$&\n')
      for (const form of [encoded, wrapped]) {
        const shown = redactor.text(form).replaceAll('[redacted]', '\0').replaceAll('\n', '')
        for (const piece of shown.split('\0')) expect(leaked(piece)).toBe('')
      }
    }
    function leaked(piece: string): string {
      const starts = Array.from({ length: 4 }, (_, skip) =>
        Buffer.from(piece.slice(skip), 'base64').toString('latin1'),
      )
      const parts = Array.from({ length: SECRET.length - 4 }, (_, index) => SECRET.slice(index, index + 5))
      return parts.find((part) => starts.some((start) => start.includes(part))) ?? ''
    }
  })

  test('shorter than four characters are not searched for', () => {
    expect(redactor.text('x and y')).toBe('x and y')
  })

  test('of several lines are blanked line by line too', () => {
    const lines = createRedactor({ secrets: ['first-line-of-it\nsecond-line-of-it\n'] })
    expect(lines.text('second-line-of-it')).toBe('[redacted]')
  })
})

test('a redactor can learn the secrets of one command from its variables', () => {
  const variables = {
    PGPASSWORD: 'opensesame',
    DATABASE_URL: 'postgres://app:p%40ss-word@db/app',
    TOKEN_FILE: '/run/t',
    ZONE: 'north',
  }
  const shown = createRedactor({ secrets: ['formerly'] })
    .knowing(variables)
    .text('opensesame p@ss-word p%40ss-word formerly /run/t north')
  expect(shown).toBe('[redacted] [redacted] [redacted] [redacted] /run/t north')
  expect(plain.knowing({ ZONE: 'north' })).toBe(plain)
})

describe('structured values', () => {
  test('members with the name of a secret are blanked, strings are searched, the rest stays', () => {
    const at = new Date(0)
    expect(
      plain.value({
        password: 'x',
        apiKey: 1,
        note: 'token=abc',
        n: 1,
        at,
        list: ['pwd=q1'],
        none: null,
        isSecret: true,
      }),
    ).toEqual({
      password: '[redacted]',
      apiKey: '[redacted]',
      note: 'token=[redacted]',
      n: 1,
      at,
      list: ['pwd=[redacted]'],
      none: null,
      isSecret: true,
    })
  })

  test('errors keep their code and cause, and lose the secrets in their messages', () => {
    const error = Object.assign(new Error('password=hunter2 refused'), { code: '28P01' })
    const shown = JSON.stringify(plain.value(new Error('outer', { cause: error })))
    expect(shown).toContain('28P01')
    expect(shown).not.toContain('hunter2')
  })

  test('circular and very deep values end', () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    expect(plain.value(circle)).toEqual({ self: '(circular)' })
    let deep: unknown = 'end'
    for (let index = 0; index < 100; index += 1) deep = [deep]
    expect(JSON.stringify(plain.value(deep))).toContain('too deep')
  })
})

const SECRETS_IN_TEXT = [
  { text: `password=${SECRET.replace(' ', '_')}`, secret: SECRET.replace(' ', '_') },
  { text: `"db_password": "${SECRET}"`, secret: SECRET },
  { text: SECRET, secret: SECRET },
  {
    text: Buffer.from(SECRET).toString('base64'),
    secret: Buffer.from(SECRET).toString('base64').slice(0, 12),
  },
  { text: encodeURIComponent(SECRET), secret: encodeURIComponent(SECRET).slice(9) },
  { text: `Authorization: Bearer ${JWT}`, secret: JWT.slice(0, 24) },
  { text: JWT, secret: JWT.slice(10, 40) },
  { text: PEM, secret: 'MIIEowIBAAKCAQEAt3Jq0mWv1c5sKm2' },
  { text: PEM, secret: 'Zk3R0yMqB6eUoJtIi' },
  { text: 'postgres://app:Tr0ub4dor@db/app', secret: 'Tr0ub4dor' },
  { text: 'AKIAIOSFODNN7EXAMPLE', secret: 'AKIAIOSFODNN7EXAMPLE' },
  { text: '- name: DB_PASSWORD\n  value: Tr0ub4dor', secret: 'Tr0ub4dor' },
  { text: SECRET_YAML, secret: 'aHVudGVyMg' },
  { text: SECRET_JSON, secret: 'c2Vjb25k' },
  { text: 'xoxb-123456789012-abcdefghij', secret: 'xoxb-1234567' },
]
const NOISE = [
  'GET /health 200',
  'naïve – ✓',
  '\u0000\u0001',
  'x'.repeat(300),
  '=',
  ':',
  '"',
  '{"a":1}',
  '....',
]
const SEPARATORS = ['\n', ' ', '\r\n', '\t']

const output = fc
  .array(
    fc.tuple(
      fc.constantFrom(...SECRETS_IN_TEXT.map(({ text }) => text), ...NOISE),
      fc.constantFrom(...SEPARATORS),
    ),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((parts) => Buffer.from(parts.flat().join('')))

function streamed(
  redactor: ReturnType<typeof createRedactor>,
  bytes: Buffer,
  cuts: readonly number[],
): Buffer {
  const stream = redactor.stream()
  const borders = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  const pieces = [0, ...borders].map((from, index) => bytes.subarray(from, borders[index] ?? bytes.length))
  return Buffer.concat([...pieces.map((piece) => stream.push(piece)), stream.end()])
}

describe('streams', () => {
  const redactor = createRedactor({ secrets: [SECRET] })

  test('however a stream is cut, no secret gets through', () => {
    fc.assert(
      fc.property(output, fc.array(fc.nat({ max: 4_000 }), { maxLength: 40 }), (bytes, cuts) => {
        const shown = streamed(redactor, bytes, cuts).toString('utf8')
        for (const { secret } of SECRETS_IN_TEXT) expect(shown).not.toContain(secret)
      }),
      { numRuns: 150 },
    )
  })

  test('a stream cut at every byte shows the same as the whole text', () => {
    fc.assert(
      fc.property(output, (bytes) => {
        const all = Array.from({ length: bytes.length }, (_, index) => index)
        expect(streamed(redactor, bytes, all).toString('utf8')).toBe(redactor.text(bytes.toString('utf8')))
      }),
      { numRuns: 15 },
    )
  })

  test('bytes that are not UTF-8 pass unchanged', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), fc.array(fc.nat({ max: 3_000 })), (array, cuts) => {
        const bytes = Buffer.from(array)
        fc.pre(redactor.text(bytes.toString('latin1')) === bytes.toString('latin1'))
        expect(streamed(plain, bytes, cuts).equals(bytes)).toBe(true)
      }),
    )
  })

  test.each([
    ' data:\n  kind: Secret\n',
    'password=',
    '-----BEGIN PRIVATE KEY-----',
    '{"data":{',
    'eyJaaaaaaaa.',
  ])('many beginnings of secrets (%j) do not stall', (unit) => {
    const text = unit.repeat(65_536 / unit.length)
    const stream = redactor.stream()
    for (let at = 0; at < text.length; at += 8_192) stream.push(Buffer.from(text.slice(at, at + 8_192)))
    expect(stream.end().length).toBeLessThanOrEqual(text.length)
    expect(redactor.text(text).length).toBeLessThanOrEqual(text.length + 65_536)
  })

  test('progress without line ends is shown as it comes', () => {
    const stream = redactor.stream()
    expect(stream.push(Buffer.from('Waiting for rollout ')).toString()).toBe('Waiting for rollout ')
    expect(stream.push(Buffer.from('1 of 3 done\n')).toString()).toBe('1 of 3 done\n')
  })

  test.each([
    ['a line without end', 'x'.repeat(65_536)],
    ['an endless quoted password', 'y'.repeat(65_536)],
    ['an endless token', 'A1'.repeat(32_768)],
  ])('%s is held back only so far', (name, piece) => {
    const stream = redactor.stream()
    const first = name.includes('password') ? 'password="' : name.includes('token') ? 'Bearer ' : ''
    let shown = stream.push(Buffer.from(first)).length
    for (let index = 0; index < 20; index += 1) shown += stream.push(Buffer.from(piece)).length
    const rest = stream.end().length
    expect(rest).toBeLessThan(140_000)
    if (first !== '') expect(shown + rest).toBeLessThan(1_000)
  })
})
