import { isKnown } from '../shell/argument.ts'
import type { Argument } from '../shell/argument.ts'
import type { Call, Judge } from './call.ts'
import { parseOptions } from './options.ts'
import { openWord, refuse, say } from './say.ts'
import { isNoFile } from './tool.ts'

/** Clients of HTTP and TLS, beside curl. */
export const WEB_JUDGES: Record<string, Judge> = {
  wget: judgeWget,
  http: judgeHttpie,
  https: judgeHttpie,
  openssl: judgeOpenssl,
}

const WGET_VALUES = new Set([
  'o', 'output-file', 'a', 'append-output', 'e', 'execute', 'i', 'input-file', 'B', 'base', 't', 'tries', 'O', 'output-document', 'T', 'timeout', 'w', 'wait',
  'Q', 'quota', 'P', 'directory-prefix', 'U', 'user-agent', 'l', 'level', 'A', 'accept', 'R', 'reject', 'D', 'domains', 'I', 'X', 'header', 'user', 'password',
  'http-user', 'http-password', 'post-data', 'post-file', 'method', 'body-data', 'body-file', 'load-cookies', 'save-cookies', 'ca-certificate', 'certificate',
  'private-key', 'config', 'use-askpass', 'referer', 'max-redirect', 'bind-address', 'dns-timeout', 'connect-timeout', 'read-timeout', 'limit-rate', 'waitretry',
  'warc-file', 'rejected-log', 'hsts-file', 'secure-protocol', 'progress', 'report-speed', 'regex-type', 'accept-regex', 'reject-regex', 'start-pos', 'crl-file',
]) // prettier-ignore

const WGET_NAMES = new Set([
  'q',
  'quiet',
  'v',
  'verbose',
  'nv',
  'no-verbose',
  'S',
  'server-response',
  'spider',
  'c',
  'continue',
  'N',
  'timestamping',
  'no-check-certificate',
  'no-cache',
  'no-proxy',
  'no-hsts',
  'show-progress',
  'd',
  'debug',
  '4',
  '6',
  'inet4-only',
  'inet6-only',
  'n',
  'no-config',
  'retry-connrefused',
  'content-on-error',
  'x',
  'F',
  'b',
  'background',
  'no-clobber',
  'delete-after',
  'r',
  'p',
  'k',
  'm',
  'trust-server-names',
  'content-disposition',
  'ignore-length',
  'save-headers',
  'auth-no-challenge',
  'https-only',
  'no-netrc',
  'no-dns-cache',
  'no-http-keep-alive',
  'random-wait',
  'help',
  'V',
  'version',
  'h',
])

/** It saves what it gets as a file unless told otherwise. */
function judgeWget(call: Call): void {
  const parsed = parseOptions(call.args, {
    values: WGET_VALUES,
    names: WGET_NAMES,
    style: 'gnu',
    stops: false,
  })
  if (openWord(call)) return
  const find = (...names: string[]): Argument | null | undefined =>
    parsed.options.find(({ candidates }) => candidates.some((name) => names.includes(name)))?.value
  for (const { name, candidates, at, value } of parsed.options) {
    if (candidates.some((one) => ['e', 'execute', 'config', 'use-askpass'].includes(one)))
      call.note('destructive', 'reads settings that can run a program', at, value ?? at)
    if (
      candidates.some((one) => ['o', 'output-file', 'a', 'append-output'].includes(one)) &&
      (value === null || !isNoFile(value))
    )
      call.note('change', 'writes a file', at, value ?? at)
    if (
      candidates.some((one) =>
        [
          'save-cookies',
          'warc-file',
          'rejected-log',
          'post-data',
          'post-file',
          'body-data',
          'body-file',
          'b',
          'background',
          'hsts-file',
        ].includes(one),
      )
    )
      call.note('change', `--${name} writes or sends`, at, value ?? at)
    if (!candidates.every((one) => WGET_VALUES.has(one) || WGET_NAMES.has(one)))
      call.note('destructive', `wget has no option ${name} that is known`, at)
  }
  const method = find('method')
  if (method) {
    const name = isKnown(method) ? method.value.toUpperCase() : 'DELETE'
    if (name !== 'GET' && name !== 'HEAD')
      call.note(name === 'DELETE' ? 'destructive' : 'change', `HTTP ${name}`, method)
  }
  const target = find('O', 'output-document')
  const keepsNothing =
    parsed.options.some(
      ({ name }) => name === 'spider' || name === 'version' || name === 'V' || name === 'help',
    ) ||
    (target !== undefined && target !== null && isNoFile(target))
  say(
    call,
    keepsNothing ? 'read' : 'change',
    keepsNothing ? 'asks for a page' : 'saves what it gets as a file',
  )
}

/** `http [METHOD] URL [ITEM…]`: items that are data make it a POST. */
function judgeHttpie(call: Call): void {
  if (openWord(call)) return
  const parsed = parseOptions(call.args, {
    values: new Set([
      'a',
      'auth',
      'A',
      'auth-type',
      'p',
      'print',
      'o',
      'output',
      's',
      'style',
      'session',
      'session-read-only',
      'timeout',
      'verify',
      'cert',
      'proxy',
      'pretty',
      'raw',
      'max-redirects',
      'format-options',
    ]),
    style: 'gnu',
    stops: false,
  })
  const [first] = parsed.operands
  const method =
    first !== undefined && /^[A-Za-z]+$/.test(first.value) && parsed.operands.length > 1
      ? first.value.toUpperCase()
      : ''
  if (first !== undefined && !first.fixed && parsed.operands.length > 1 && !/[:/.]/.test(first.value))
    return refuse(call, 'an HTTP method that is not known before it runs')
  if (method === 'DELETE') return refuse(call, 'HTTP DELETE')
  const data = parsed.operands
    .slice(1)
    .some(
      (word) =>
        /(?<!=)(?::?=)(?!=)|@/.test(word.value) &&
        !/^[\w-]+==/.test(word.value) &&
        word !== first &&
        !/^https?:/.test(word.value),
    )
  const writes = parsed.options.some(({ candidates }) =>
    candidates.some((name) =>
      ['d', 'download', 'o', 'output', 'session', 'f', 'form', 'multipart', 'raw', 'c'].includes(name),
    ),
  )
  const piped = call.stdin.kind === 'text' || call.stdin.kind === 'data'
  const reads =
    (method === '' || method === 'GET' || method === 'HEAD') &&
    !writes &&
    (method !== '' || (!data && !piped))
  say(call, reads ? 'read' : 'change', reads ? 'asks for a page' : 'sends data or writes a file')
}

function judgeOpenssl(call: Call): void {
  if (openWord(call)) return
  const [verb, ...args] = call.args
  if (verb === undefined) return refuse(call, 'opens a session for a person', ['interactive'])
  const has = (...names: string[]): boolean => args.some((arg) => names.includes(arg.value))
  if (
    has(
      '-engine',
      '-provider',
      '-provider-path',
      '-config',
      '-writerand',
      '-keylogfile',
      '-sess_out',
      '-msgfile',
      '-early_data',
      '-starttls_',
    )
  )
    return say(call, 'destructive', 'loads a library or writes files')
  if (
    has('-out', '-keyout', '-signout', '-CAcreateserial', '-CAserial', '-respout', '-reqout', '-serial_out')
  )
    return say(call, 'change', 'writes a file')
  switch (verb.fixed ? verb.value : '') {
    case 'req':
      if (!has('-new', '-newkey', '-x509', '-newhdr')) return say(call, 'read', 'only shows')
      return say(call, 'change', 'makes keys')
    case 's_client':
      return say(call, 'read', 'opens a TLS connection', call.stdin.kind === 'none' ? ['interactive'] : [])
    case 'x509':
    case 'verify':
    case 'version':
    case 'ciphers':
    case 'crl':
    case 'dgst':
    case 'asn1parse':
    case 'ocsp':
    case 'pkcs7':
    case 'rand':
    case 'list':
    case 's_time':
    case 'errstr':
    case 'sha256':
    case 'md5':
    case 'base64':
      return say(call, 'read', 'only shows')
    case 'rsa':
    case 'pkey':
    case 'ec':
    case 'pkcs12':
    case 'pkcs8':
      return say(call, 'read', 'may show a private key', has('-noout', '-pubout') ? [] : ['secret'])
    default:
      return say(call, 'change', 'makes keys or works on files')
  }
}
