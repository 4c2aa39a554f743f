import { isKnown } from '../shell/argument.ts'
import type { Argument } from '../shell/argument.ts'
import { TOOLS } from '../tools/index.ts'
import type { Call, Judge } from './call.ts'
import { parseOptions } from './options.ts'
import { openWord, refuse, say } from './say.ts'
import { judgeTool } from './tool.ts'

/** Clients that run what they are given in a language of their own: only plain questions are understood. */
export const SESSION_JUDGES: Record<string, Judge> = {
  socat: judgeSocat,
  mongosh: judgeMongo,
  mongo: judgeMongo,
  cqlsh: judgeCqlsh,
  'zookeeper-shell': judgeZooKeeper,
  'zookeeper-shell.sh': judgeZooKeeper,
  'zkCli.sh': judgeZooKeeper,
  grpcurl: judgeGrpcurl,
  gh: judgeGh,
  parted: judgeParted,
  varnishadm: judgeVarnish,
}

/** `echo "show stat" | socat stdio /run/haproxy.sock`: HAProxy's `show` commands only show. */
function judgeSocat(call: Call): void {
  const [first, second, ...more] = call.args
  const ends = [first, second]
  const socket = ends.find((arg) =>
    /^(?:unix-connect:|UNIX-CONNECT:)?\/[\w./-]*haproxy[\w./-]*$/.test(arg?.value ?? ''),
  )
  const own = ends.find((arg) => /^(?:-|stdio|STDIO)$/.test(arg?.value ?? ''))
  const asks =
    call.stdin.kind === 'text' &&
    isKnown(call.stdin.text) &&
    call.stdin.text.value.split(/[\n;]/).every((line) => /^\s*(?:$|show\s|help\b|prompt\s*$)/.test(line))
  if (more.length === 0 && socket !== undefined && own !== undefined && asks)
    return say(call, 'read', 'asks HAProxy for its state')
  refuse(call, 'runs or connects what it is given')
}

const MONGO_VALUES = new Set([
  'eval', 'host', 'port', 'h', 'u', 'username', 'p', 'password', 'authenticationDatabase', 'authenticationMechanism', 'f', 'file',
  'tlsCAFile', 'tlsCertificateKeyFile', 'sslCAFile', 'sslPEMKeyFile', 'apiVersion', 'json',
]) // prettier-ignore
/** Methods of the shell that only show: https://www.mongodb.com/docs/mongodb-shell/reference/methods/. */
const MONGO_READS =
  /^\s*(?:print(?:json)?\(\s*)?(?:rs\.(?:status|conf|config|hello|isMaster|printReplicationInfo|printSecondaryReplicationInfo|printSlaveReplicationInfo)|sh\.(?:status|getBalancerState|isBalancerRunning)|db(?:\.getSiblingDB\(\s*["']\w+["']\s*\))?\.(?:serverStatus|stats|hostInfo|currentOp|hello|isMaster|version|getName|getCollectionNames|getReplicationInfo|printReplicationInfo|printCollectionStats|getProfilingStatus|(?:\w+|getCollection\(\s*["'][\w.-]+["']\s*\))\.(?:stats|countDocuments|estimatedDocumentCount|getIndexes|dataSize|storageSize|totalIndexSize|totalSize)))\(\s*(?:true|1|\{\s*\})?\s*\)(?:\.[A-Za-z_][\w]*|\[["']?[\w.]+["']?\])*\s*\)?\s*;?\s*$/

/** Commands of a server that only show, given as a word or as a document of that one key. */
const SHOWING =
  'ping|hello|isMaster|listDatabases|listCollections|replSetGetStatus|replSetGetConfig|serverStatus|currentOp|buildInfo|hostInfo|getCmdLineOpts|dbStats|collStats|connPoolStats|getParameter|listShards|balancerStatus|top|connectionStatus'
const MONGO_COMMAND = new RegExp(
  String.raw`^\s*(?:print(?:json)?\(\s*)?db(?:\.getSiblingDB\(\s*["']\w+["']\s*\))?\.(?:adminCommand|runCommand)` +
    String.raw`\(\s*(?:["'](?:${SHOWING})["']|\{\s*["']?(?:${SHOWING})["']?\s*:\s*(?:1|true|["'][\w.*]+["'])\s*\})\s*\)` +
    String.raw`(?:\.[A-Za-z_]\w*|\[["']?[\w.]+["']?\])*\s*\)?\s*;?\s*$`,
)

function judgeMongo(call: Call): void {
  if (openWord(call)) return
  const parsed = parseOptions(call.args, { values: MONGO_VALUES, style: 'gnu', stops: false })
  const code = parsed.options.filter(({ name }) => name === 'eval').map(({ value }) => value)
  const loads = parsed.options.some(({ name }) => name === 'f' || name === 'file' || name === 'shell')
  const scripts = parsed.operands.some((word) => !isKnown(word) || /\.(?:m?js|mongodb)$/.test(word.value))
  if (code.length > 0 && !loads && !scripts && parsed.operands.length < 2 && code.every(isMongoRead))
    return say(call, 'read', 'shows the state of the database')
  const typed = code.length === 0 && call.stdin.kind === 'none'
  refuse(call, 'runs code, or opens a session', typed ? ['interactive'] : [])
}

function isMongoRead(code: Argument | null): boolean {
  return code !== null && isKnown(code) && [MONGO_READS, MONGO_COMMAND].some((form) => form.test(code.value))
}

/** One statement of CQL that cannot write; there are no functions with effects in CQL. */
function judgeCqlsh(call: Call): void {
  if (openWord(call)) return
  const parsed = parseOptions(call.args, {
    values: new Set([
      'e',
      'execute',
      'f',
      'file',
      'k',
      'keyspace',
      'u',
      'username',
      'p',
      'password',
      'request-timeout',
      'connect-timeout',
      'encoding',
      'cqlversion',
    ]),
    names: new Set(['cqlshrc', 'ssl', 'debug', 'version', 'help', 'no-color', 'color', 'tty']),
    style: 'gnu',
    stops: false,
  })
  const code = parsed.options.filter(({ candidates }) =>
    candidates.some((name) => /^e$|^execute$/.test(name)),
  )
  const loads = parsed.options.some(({ candidates }) =>
    candidates.some((name) => /^(?:f|file|cqlshrc)$/.test(name)),
  )
  const asks = code.every(
    ({ value }) =>
      value !== null &&
      isKnown(value) &&
      /^\s*(?:describe|desc|select|show|list|consistency\s*$)\b[^;]*;?\s*$/i.test(value.value),
  )
  if (code.length > 0 && !loads && asks) return say(call, 'read', 'only asks')
  refuse(
    call,
    'runs CQL, or opens a session',
    code.length === 0 && call.stdin.kind === 'none' ? ['interactive'] : [],
  )
}

/** `zookeeper-shell.sh HOST COMMAND …`. */
function judgeZooKeeper(call: Call): void {
  if (openWord(call)) return
  const own = call.args.filter((arg) => arg.value !== '-server')
  const [host, verb] = own
  if (
    host !== undefined &&
    verb?.fixed === true &&
    /^(?:ls|ls2|get|stat|getAcl|version|config)$/.test(verb.value)
  )
    return say(call, 'read', `${verb.value} only shows`)
  refuse(call, 'changes nodes, or opens a session', verb === undefined ? ['interactive'] : [])
}

/** `grpcurl ADDRESS list|describe …` asks for the services; anything else calls a method. */
function judgeGrpcurl(call: Call): void {
  if (openWord(call)) return
  const parsed = parseOptions(call.args, {
    values: new Set([
      'd',
      'H',
      'rpc-header',
      'reflect-header',
      'import-path',
      'proto',
      'protoset',
      'cacert',
      'cert',
      'key',
      'authority',
      'servername',
      'max-time',
      'connect-timeout',
      'keepalive-time',
      'max-msg-sz',
      'format',
      'protoset-out',
      'proto-out-dir',
      'user-agent',
      'alts-handshaker-service',
      'alts-target-service-account',
    ]),
    style: 'go',
    stops: false,
  })
  const writes = parsed.options.some(
    ({ name }) => name.endsWith('-out') || name.endsWith('-out-dir') || name === 'd',
  )
  const asks = parsed.operands
    .slice(0, 2)
    .some((word) => word.fixed && /^(?:list|describe)$/.test(word.value))
  say(call, asks && !writes ? 'read' : 'change', asks && !writes ? 'lists services' : 'calls a method')
}

/** `gh api`: GET, and POST as soon as there is a field. https://cli.github.com/manual/gh_api */
function judgeGh(call: Call): void {
  const [verb] = call.args
  const facts = TOOLS.get('gh')
  if (verb?.value !== 'api' || !verb.fixed) {
    if (facts !== undefined) judgeTool(call, facts)
    return
  }
  if (openWord(call)) return
  const parsed = parseOptions(call.args.slice(1), {
    values: new Set([
      'X',
      'method',
      'f',
      'raw-field',
      'F',
      'field',
      'input',
      'H',
      'header',
      'hostname',
      'q',
      'jq',
      't',
      'template',
      'p',
      'preview',
      'cache',
    ]),
    names: new Set(['paginate', 'slurp', 'include', 'i', 'silent', 'verbose']),
    style: 'gnu',
    stops: false,
  })
  const named = parsed.options.filter(({ candidates }) =>
    candidates.some((name) => name === 'X' || name === 'method'),
  )
  const sends = parsed.options.some(({ candidates }) =>
    candidates.some((name) => /^(?:f|raw-field|F|field|input)$/.test(name)),
  )
  const method =
    named.length === 0
      ? sends
        ? 'POST'
        : 'GET'
      : named.map(({ value }) => (value !== null && isKnown(value) ? value.value.toUpperCase() : 'DELETE'))
  const methods = [method].flat()
  if (methods.includes('DELETE')) return refuse(call, 'deletes something')
  const graph = parsed.operands.some((word) => word.value === 'graphql')
  const reads = methods.every((name) => name === 'GET' || name === 'HEAD') && !graph
  say(call, reads ? 'read' : 'change', reads ? 'asks the forge' : 'sends something to the forge')
}

function judgeParted(call: Call): void {
  if (openWord(call)) return
  const parsed = parseOptions(call.args, { values: new Set(['a', 'align']), style: 'gnu', stops: false })
  const lists = parsed.options.some(({ name }) => name === 'l' || name === 'list')
  const [device, ...words] = parsed.operands
  const shows =
    device !== undefined &&
    words.length > 0 &&
    words.every(
      (word) =>
        word.fixed &&
        /^(?:print|p|free|all|devices|list|unit|u|s|B|kB|MB|GB|TB|[KMGT]iB|%|compact)$/.test(word.value),
    )
  if ((lists && device === undefined) || shows) return say(call, 'read', 'shows partitions')
  refuse(call, 'changes partitions', words.length === 0 ? ['interactive'] : [])
}

function judgeVarnish(call: Call): void {
  if (openWord(call)) return
  const parsed = parseOptions(call.args, { values: new Set(['n', 'S', 't', 'T']), style: 'gnu', stops: true })
  const [verb] = parsed.operands
  if (
    verb !== undefined &&
    /^(?:status|ping|banner|help|pid|(?:backend|ban|vcl|storage)\.list|(?:vcl|param|panic)\.show)$/.test(
      verb.value,
    )
  )
    return say(call, 'read', `${verb.value} only shows`)
  refuse(call, 'changes the cache, or opens a session', verb === undefined ? ['interactive'] : [])
}
