import { isKnown } from '../shell/argument.ts'
import type { Argument } from '../shell/argument.ts'
import type { Call } from './call.ts'
import { parseOptions } from './options.ts'
import type { Option } from './options.ts'
import { isNoFile } from './tool.ts'

/** From `curl --help all` of 7.88 and 8.15. */
const VALUES = `
  abstract-unix-socket alt-svc aws-sigv4 cacert capath E cert cert-type ciphers K config connect-timeout connect-to C
  continue-at b cookie c cookie-jar create-file-mode crlfile curves d data data-ascii data-binary data-raw data-urlencode
  delegation dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url D dump-header ech egd-file engine etag-compare
  etag-save expect100-timeout F form form-string ftp-account ftp-alternative-to-user ftp-method P ftp-port
  ftp-ssl-ccc-mode happy-eyeballs-timeout-ms haproxy-clientip H header hostpubmd5 hostpubsha256 hsts interface ip-tos
  ipfs-gateway json keepalive-cnt keepalive-time key key-type knownhosts krb libcurl limit-rate local-port login-options
  mail-auth mail-from mail-rcpt max-filesize max-redirs m max-time netrc-file noproxy oauth2-bearer o output output-dir
  parallel-max parallel-max-host pass pinnedpubkey preproxy proto proto-default proto-redir x proxy proxy-cacert
  proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key proxy-key-type proxy-pass
  proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword proxy-tlsuser U
  proxy-user proxy1.0 pubkey Q quote random-file r range rate e referer X request request-target resolve retry
  retry-delay retry-max-time sasl-authzid service-name sigalgs socks4 socks4a socks5 socks5-gssapi-service
  socks5-hostname Y speed-limit y speed-time ssl-sessions stderr t telnet-option tftp-blksize z time-cond tls-max
  tls13-ciphers tlsauthtype tlspassword tlsuser trace trace-ascii trace-config unix-socket T upload-file upload-flags
  url url-query u user A user-agent variable vlan-priority w write-out
`
const NAMES = `
  a append anyauth basic ca-native cert-status compressed compressed-ssh create-dirs crlf digest q disable disable-eprt
  disable-epsv disallow-username-in-url doh-cert-status doh-insecure f fail fail-early fail-with-body false-start follow
  form-escape ftp-create-dirs ftp-pasv ftp-pret ftp-skip-pasv-ip ftp-ssl-ccc ftp-ssl-control G get g globoff
  haproxy-protocol I head h help http0.9 0 http1.0 http1.1 http2 http2-prior-knowledge http3 http3-only
  ignore-content-length i include k insecure 4 ipv4 6 ipv6 j junk-session-cookies l list-only L location
  location-trusted mail-rcpt-allowfails M manual metalink mptcp negotiate n netrc netrc-optional : next no-alpn N
  no-buffer no-clobber no-keepalive no-npn no-progress-meter no-sessionid ntlm ntlm-wb out-null Z parallel parallel-immediate
  path-as-is post301 post302 post303 # progress-bar proxy-anyauth proxy-basic proxy-ca-native proxy-digest proxy-http2
  proxy-insecure proxy-negotiate proxy-ntlm proxy-ssl-allow-beast proxy-ssl-auto-client-cert proxy-tlsv1 p proxytunnel
  raw J remote-header-name O remote-name remote-name-all R remote-time remove-on-error retry-all-errors
  retry-connrefused sasl-ir S show-error show-headers s silent skip-existing socks5-basic socks5-gssapi
  socks5-gssapi-nec ssl ssl-allow-beast ssl-auto-client-cert ssl-no-revoke ssl-reqd ssl-revoke-best-effort 2 sslv2 3
  sslv3 styled-output suppress-connect-headers tcp-fastopen tcp-nodelay test-event tftp-no-options tls-earlydata 1 tlsv1
  tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 tr-encoding trace-ids trace-time B use-ascii v verbose V version xattr no-verbose
  no-silent no-location no-insecure no-compressed no-fail
`
const BODY = new Set(['d', 'data', 'data-ascii', 'data-binary', 'data-raw', 'data-urlencode'])
const FORM = new Set(['F', 'form', 'form-string', 'json'])
const WRITES = new Set([
  'o', 'output', 'D', 'dump-header', 'c', 'cookie-jar', 'trace', 'trace-ascii', 'stderr', 'libcurl', 'etag-save', 'hsts',
  'alt-svc', 'ssl-sessions',
]) // prettier-ignore
const DOWNLOADS = new Set(['O', 'remote-name', 'remote-name-all', 'J', 'remote-header-name'])
const LOADS = new Set([
  'K',
  'config',
  'engine',
  'Q',
  'quote',
  'ftp-alternative-to-user',
  'variable',
  't',
  'telnet-option',
])
const METHODS: Record<string, 'read' | 'destructive'> = { GET: 'read', HEAD: 'read', DELETE: 'destructive' }

const words = (list: string): string[] => list.split(/\s+/).filter((word) => word !== '')
const SYNTAX = {
  values: new Set(words(VALUES)),
  names: new Set(words(NAMES)),
  style: 'gnu' as const,
  stops: false,
}

export function judgeCurl(call: Call): void {
  const parsed = parseOptions(call.args, SYNTAX)
  for (const word of parsed.open)
    call.note('destructive', 'options of curl that are not known before it runs', word)
  for (const url of parsed.operands) noteUrl(call, url)
  for (const option of parsed.options) noteOption(call, option)
  noteRequest(call, parsed.options)
  call.note('read', 'asks for a page', call.word, call.args.at(-1))
}

function noteOption(call: Call, option: Option): void {
  const { candidates, value, at } = option
  const is = (set: ReadonlySet<string>): boolean => candidates.some((name) => set.has(name))
  if (!candidates.every((name) => SYNTAX.values.has(name) || SYNTAX.names.has(name))) {
    if (!option.name.startsWith('no-') || !SYNTAX.names.has(option.name.slice(3))) {
      call.note('destructive', `curl has no option ${option.name} that is known`, at)
    }
    return
  }
  if (is(LOADS))
    call.note('destructive', 'sends commands or reads options that cannot be judged', at, value ?? at)
  if (is(DOWNLOADS)) call.note('change', 'saves what it gets as a file', at)
  if (is(WRITES) && (value === null || !isNoFile(value))) {
    // `%` only asks for standard error (`--stderr -`), and `/dev/null` keeps nothing.
    call.note('change', 'writes to a file', at, value ?? at)
  }
  if (candidates.includes('url') && value !== null) noteUrl(call, value)
  if (
    candidates.some((name) => name === 'w' || name === 'write-out') &&
    value !== null &&
    /%output\{/.test(value.value)
  ) {
    call.note('change', 'writes to a file', at, value)
  }
  if (is(new Set(['mail-from', 'mail-rcpt', 'ftp-create-dirs'])))
    call.note('change', 'sends mail or makes folders', at, value ?? at)
}

/** Other protocols than HTTP and FTP send what is in the address. */
function noteUrl(call: Call, url: Argument): void {
  if (
    /^(?:gopher|dict|telnet|smtp|smtps|mqtt|rtsp|imap|imaps|pop3|pop3s|ldap|ldaps|smb|smbs|tftp|ws|wss)/i.test(
      url.value,
    ) &&
    /^[a-z0-9]+:\/\//i.test(url.value)
  ) {
    call.note('destructive', 'a protocol in which the address itself can be a command', url)
  }
}

function noteRequest(call: Call, options: readonly Option[]): void {
  const groups: Option[][] = [[]]
  for (const option of options) {
    if (option.name === ':' || option.name === 'next') groups.push([])
    else groups.at(-1)?.push(option)
  }
  for (const group of groups) noteMethod(call, group)
}

function noteMethod(call: Call, group: readonly Option[]): void {
  const find = (...names: string[]): Option | undefined =>
    group.findLast((option) => option.candidates.some((name) => names.includes(name)))
  const upload = find('T', 'upload-file')
  // Sent whatever method is named: with GET the server may still take it in.
  if (upload !== undefined) call.note('change', 'uploads', upload.at, upload.value ?? upload.at)
  for (const method of group.filter((option) =>
    option.candidates.some((name) => name === 'X' || name === 'request'),
  )) {
    noteNamedMethod(call, method)
  }
  const named = find('X', 'request')
  const body = group.find((option) => option.candidates.some((name) => BODY.has(name) || FORM.has(name)))
  if (body === undefined || named !== undefined) return
  const inAddress = find('G', 'get') !== undefined && !body.candidates.some((name) => FORM.has(name))
  if (!inAddress) call.note('change', 'sends data by POST', body.at, body.value ?? body.at)
}

function noteNamedMethod(call: Call, { value, at }: Option): void {
  if (value === null || !isKnown(value))
    return call.note('destructive', 'an HTTP method that is not known before it runs', at, value ?? at)
  const risk = METHODS[value.value.toUpperCase()] ?? 'change'
  if (risk !== 'read') call.note(risk, `HTTP ${value.value}`, at, value)
}
