import { SECRET_MANIFESTS } from './redact-manifests.ts'
import type { SecretPattern } from './redact-pattern.ts'

const SPACE = ' \\t\\r\\n\\f\\v\\0'
const BLANK = '[ \\t]{0,8}'
const QUOTE = '(?:\\\\{0,3}["\'])?'

const WORDS =
  'pass(?:word|wd|phrase|code)|pgpass|(?<!old)pwd(?![ \\t"\']{0,8}[:=][ \\t"\']{0,8}/)|secret|token|credentials?|cookie|' +
  '(?:api|access|private|secret|signing|encryption|account|routing|integration|service|shared|master|auth)[_-]?key'
const SUFFIX = '(?:[_-]?(?:hash|value|b64|base64|[0-9]{1,3}))?'

const AUTHORIZATION = `authorization${QUOTE}${BLANK}[:=]${BLANK}${QUOTE}`
const SCHEMES = 'bearer|basic|token|digest|negotiate|ntlm|apikey|splunk|genie-?key|aws4-hmac-sha256'

/** Up to white space or a delimiter; not a reference to a variable, which says nothing. */
const BARE = `(?!\\$\\{?[A-Z_][A-Z0-9_]*\\}?(?:[${SPACE}"'/]|$))[^${SPACE}"'&,;\\\\{}\\[\\]][^${SPACE}"'&,;}]*`

const NAMED = new RegExp(WORDS, 'i')

const pattern = (name: string, lead: string, secret: string, goesOn: string, flags = ''): SecretPattern => ({
  name,
  regex: new RegExp(`(${lead})(${secret})`, `g${flags}`),
  goesOn: new RegExp(`^(?:${goesOn})*`),
})

const token = (name: string, secret: string): SecretPattern =>
  pattern(name, '(?<![A-Za-z0-9])', secret, '[A-Za-z0-9._~+/=-]')

/** The forms in which shells, JSON, YAML and log lines write the value after `lead`. */
function values(name: string, lead: string): SecretPattern[] {
  return [
    pattern(name, `${lead}\\\\{1,3}"`, '[^"\\\\\\r\\n]+', '[^"\\\\\\r\\n]', 'i'),
    pattern(name, `${lead}"`, '(?:[^"\\\\\\r\\n]|\\\\[^\\r\\n])+', '[^"\\r\\n]', 'i'),
    pattern(name, `${lead}'`, `[^'\\r\\n]+`, `[^'\\r\\n]`, 'i'),
    pattern(name, lead, BARE, `[^${SPACE}"'&,;}]`, 'i'),
  ].map((one) => ({ ...one, hint: NAMED }))
}

export const SECRET_PATTERNS: readonly SecretPattern[] = [
  ...SECRET_MANIFESTS,
  pattern(
    'authorization header',
    `${AUTHORIZATION}(?:(?:${SCHEMES})[ \\t]{1,8})?`,
    `(?!(?:${SCHEMES})(?:[ \\t]|$))[^${SPACE}"'\\\\]{3,}`,
    `[^${SPACE}"'\\\\]`,
    'i',
  ),
  pattern(
    'authorization header of another scheme',
    `${AUTHORIZATION}[a-z][a-z0-9-]{1,20}[ \\t]{1,8}`,
    `[^${SPACE}"'\\\\]{3,}`,
    `[^${SPACE}"'\\\\]`,
    'i',
  ),
  pattern('bearer', '\\bbearer[ \\t]{1,8}', '[A-Za-z0-9._~+/=-]{16,}', '[A-Za-z0-9._~+/=-]', 'i'),
  pattern('basic', '\\b[Bb]asic ', '(?=[a-z]{0,15}[A-Z0-9+/=])[A-Za-z0-9+/]{12,}={0,2}', '[A-Za-z0-9+/=]'),
  pattern(
    'password in URL',
    `://[^${SPACE}/:@"'<>]{0,256}:`,
    `(?!\\d{1,5}(?:[/?#]|$))[^${SPACE}@"'<>]{1,1024}(?=@)`,
    '[^\\s@]',
    'i',
  ),
  pattern(
    'private key',
    '-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----',
    '(?:(?!-----END)[A-Za-z0-9+/= \\t\\r\\n:,.()\\\\-])+',
    '[A-Za-z0-9+/= \\t\\r\\n:,.()\\\\-]',
  ),
  token('AWS key id', '(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])'),
  token('JWT', 'eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]*)?'),
  token('Slack token', '(?:xox[abceoprs]|xapp)-[A-Za-z0-9-]{10,}'),
  pattern(
    'Slack webhook',
    'hooks\\.slack\\.com/(?:services|workflows|triggers)/',
    '[A-Za-z0-9/_-]{8,}',
    '[A-Za-z0-9/_-]',
  ),
  token('GitHub token', '(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})'),
  token('GitLab token', 'gl(?:pat|rt|dt|cbt|ptt|soat)-[A-Za-z0-9_-]{16,}'),
  token('PagerDuty token', '(?:pdus|pdeu)\\+_[A-Za-z0-9+_-]{16,}'),
  token(
    'other vendor key',
    '(?:sk-[A-Za-z0-9_-]{20,}|[sr]k_live_[A-Za-z0-9]{16,}|AIza[A-Za-z0-9_-]{30,}|npm_[A-Za-z0-9]{30,}|hvs\\.[A-Za-z0-9_-]{20,})',
  ),
  pattern(
    'user option',
    `[ \\t](?:-u|--user|--proxy-user)[ \\t=]["']?[^${SPACE}:"']{1,256}:`,
    `[^${SPACE}"']{1,}`,
    `[^${SPACE}"']`,
  ),
  ...values('named value', `(?:${WORDS})${SUFFIX}${QUOTE}${BLANK}[:=]>?${BLANK}`),
  ...values('named option', `--(?:[a-z]{1,20}-){0,3}(?:${WORDS})[ \\t]{1,8}(?!-)`),
  ...values(
    'environment entry of a pod',
    `name${QUOTE}${BLANK}:${BLANK}${QUOTE}[A-Za-z0-9_.-]{0,64}(?:${WORDS})[A-Za-z0-9_.-]{0,32}${QUOTE},?` +
      `[ \\t]{0,8}(?:\\r?\\n)?[ \\t]{0,64}${QUOTE}value${QUOTE}${BLANK}:${BLANK}`,
  ),
]

/** Keys of structured values whose member is a secret, whatever it looks like. */
export const SECRET_KEY = new RegExp(`(?:${WORDS}|authorization)${SUFFIX}$`, 'i')
