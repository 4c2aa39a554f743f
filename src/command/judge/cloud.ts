import azGroups from '../data/az-groups.json' with { type: 'json' }
import gcloudGroups from '../data/gcloud-groups.json' with { type: 'json' }
import type { CommandFlag, Risk } from '../model.ts'
import { isKnown } from '../shell/argument.ts'
import type { Argument } from '../shell/argument.ts'
import type { Call } from './call.ts'
import { parseOptions } from './options.ts'
import type { ParsedOptions } from './options.ts'
import { runRemote } from './remote.ts'

const AWS_VALUES = new Set([
  'profile',
  'region',
  'output',
  'endpoint-url',
  'query',
  'color',
  'ca-bundle',
  'cli-read-timeout',
  'cli-connect-timeout',
  'cli-binary-format',
])
/** Reads of AWS that give away a credential: botocore 1.43, by the names of what they answer. */
const AWS_MINTS =
  /^(?:get-\S*-credentials\S*|get-\S*(?:access|auth|oauth2|identity|session|federation|authorization|delegated-access)-token\S*|get-(?:compute-access|data-access|session-endpoint|external-data-view-access-details|parameters-for-\w+|activity-task)|get-(?:login\w*|login-password|session-token|federation-token|authorization-token|token|credentials\S*|role-credentials|access-key-info|id|open-id-token\S*|service-bearer-token|dedicated-ip-pool-token|workload-access-token\S*|delegated-access-token|web-identity-token)|assume-role\S*|presign)$/
/** Reads that take the name of a file to write: what answers with a stream in botocore 1.43, and its like. */
const AWS_FILES =
  /^(?:describe-input-device-thumbnail|get-(?:object|object-torrent|job-output|media\S*|snapshot-block|thing-shadow|export|sdk|clip|audio\S*|archive\S*|content\S*|tile|raw-\S*|latest-configuration|configuration|hosted-configuration-version|code-binding-source|connection-function|glyphs|image-frame|image-set-metadata|introspection-schema|lineage-event|map-\S+|package-version-asset|position-estimate|read-set|reference|resource-position|sol-\S+|sprites|static-map|style-descriptor|work-unit-results|\S*-stream|\S*-file))$/
const AWS_READS =
  /^(?:describe|list|get|head|batch-get|lookup|search|filter|check(?!-in-)|validate(?!-aws)|estimate)(?:-|$)|^(?:ls|wait|query|scan|test-dns-answer|view-billing)$/
const AWS_LOSES =
  /^(?:delete|terminate|remove|purge|destroy|deregister|revoke|reset|stop|rm|rb|cancel|disassociate|detach|release|batch-delete|delete-\w+|abort|execute-|invoke|send-command|start-session|run-\w*command\w*|restore)/

/** `aws SERVICE VERB`: the verb says what it does. */
export function judgeAws(call: Call): void {
  const parsed = parseOptions(call.args, { values: AWS_VALUES, style: 'gnu', stops: false })
  const operands = commandWords(call.args, AWS_VALUES)
  const [service, verb] = operands
  const note = noter(call)
  if (refuseOpen(call, parsed, [service, verb])) return
  if (
    service?.value === 'help' ||
    verb?.value === 'help' ||
    parsed.options.some(({ name }) => name === 'version')
  )
    return note('read', 'prints help')
  if (service === undefined || verb === undefined) {
    const known = call.args.length === operands.length
    return note(
      known ? 'read' : 'destructive',
      known ? 'prints its usage' : 'options that are not known before the verb',
    )
  }
  const name = verb.value
  const has = (...names: string[]): boolean => parsed.options.some((option) => names.includes(option.name))
  if (has('cli-input-json', 'cli-input-yaml', 'generate-cli-skeleton') && has('generate-cli-skeleton'))
    return note('read', 'prints a template')
  if (
    (service.value === 'ec2' && has('dry-run') && !has('no-dry-run')) ||
    (service.value === 's3' && has('dryrun'))
  )
    return note('read', 'only shows what it would do')
  if (service.value === 's3') return judgeS3(name, has('delete'), operands.slice(2), note)
  if (service.value === 'configure')
    return note(
      /^(?:list|list-profiles|get)$/.test(name) ? 'read' : 'change',
      'works on the client configuration',
    )
  if (service.value === 'logs' && name === 'tail')
    return note('read', 'shows a log', has('follow') ? ['endless'] : [])
  if (service.value === 'ssm' && name === 'start-session')
    return call.note('destructive', 'opens a session for a person', call.word, call.args.at(-1), [
      'interactive',
    ])
  if (AWS_MINTS.test(name)) return note('change', 'mints a token', ['secret'])
  if (AWS_FILES.test(name)) return note('change', 'writes a file')
  const after = call.args[call.args.indexOf(verb) + 1]
  if (name.startsWith('get-') && after !== undefined && !after.value.startsWith('-'))
    return note('change', 'writes a file')
  if (has('wake-up')) return note('change', 'wakes the instance')
  if (AWS_READS.test(name)) {
    const secret =
      /^(?:get-secret-value|batch-get-secret-value|get-password-data|get-random-password|get-bucket-access-keys|get-relational-database-master-user-password|get-challenge-password)$/.test(
        name,
      ) ||
      (/^get-parameters?/.test(name) && has('with-decryption'))
    return note('read', `${service.value} ${name} only reads`, secret ? ['secret'] : [])
  }
  note(AWS_LOSES.test(name) ? 'destructive' : 'change', `${service.value} ${name} changes something`)
}

function judgeS3(verb: string, deletes: boolean, paths: Argument[], note: Noter): void {
  const [from, to] = paths
  if (verb === 'cp' && from?.value.startsWith('s3://') === true && to?.value === '-')
    return note('read', 'prints an object')
  if (verb === 'ls') return note('read', 'lists')
  if (verb === 'presign') return note('change', 'mints an address that opens the object', ['secret'])
  if (verb === 'rm' || verb === 'rb' || verb === 'mv' || deletes) return note('destructive', 'deletes')
  note('change', 'copies or makes')
}

const GCLOUD_VALUES = new Set([
  'project', 'account', 'format', 'filter', 'zone', 'region', 'limit', 'sort-by', 'configuration', 'impersonate-service-account', 'verbosity', 'page-size',
  'cluster', 'location', 'instance', 'flags-file', 'billing-project', 'access-token-file', 'trace-token', 'freshness', 'order', 'zones', 'regions', 'uri',
  'flatten', 'database', 'service', 'version', 'organization', 'folder', 'command', 'container', 'ssh-flag', 'ssh-key-file', 'start', 'port', 'secret', 'node-pool',
]) // prettier-ignore
/** Every group of the Google Cloud SDK, from its own completion tree, but those that are a verb elsewhere. */
/** Groups of gcloud that are a verb elsewhere, and mostly lead to one. */
const GCLOUD_ALSO =
  'alert-policies auth compute configurations dns docker iam info metrics pubsub routes run sql'
const GCLOUD_GROUPS = new Set([...gcloudGroups.names, ...GCLOUD_ALSO.split(' ')])
/** Every group of az, from its reference; of those that are a verb elsewhere the ones that mostly lead to one. */
const AZ_GROUPS = new Set(azGroups.names)
/**
 * Verbs of az that only show, by their form, compared with the summaries of all 13,500 commands of its reference.
 * Left out: what starts something (`aks check-acr` runs a pod, `acr check-health` pulls an image, the assessments of
 * datamigration), writes files, or hands out credentials.
 */
const AZ_READS =
  /^(?:(?:list|show|exists|logs|log|status|usage|query|search|count|summarize|what-if|validate|version|wait|tail|check-(?!acr$|health$)\S+|show-\S+|list-\S+|test-(?:ip-flow|connectivity)|get-(?!credentials|assessment|performance|sku-rec|support-data|version-code|attestation|for-teams|logs|versions$|sas|\S*(?:token|key|kubeconfig|secret))\S+)$|get$)/
const AZ_SECRETS =
  /^(?:(?:keys|key|admin-key|query-key|shared-key|credential|credentials|connection-string|api-key) (?:list|show)|secret show|\S+ (?:(?:list|show)-\S*(?:key|credential|secret|token|connection-string|password|publishing-profile|sas)\S*|get-\S*keys?))$/
/** Options of az with which what only shows writes a file. */
const AZ_FILES = new Set([
  'file',
  'output-file',
  'output-folder',
  'output-directory',
  'out-dir',
  'dest',
  'result-file',
])
const CLOUD_READS = new Set(
  'list describe show get read list-instances list-tags get-iam-policy get-value get-ancestors get-ancestors-iam-policy get-health get-serial-port-output get-status get-named-ports get-shielded-identity get-server-config get-effective-firewalls list-errors list-grantable-roles list-usable list-skus list-sizes list-usage list-ip-addresses list-versions list-locations get-instance-view get-upgrades get-versions check-name what-if exists tail query version show-tags list-details list-available-features search-all-resources wait list-deleted test-iam-permissions validate show-connection-string_'.split(
    ' ',
  ),
)
const CLOUD_MINTS = new Set([
  'print-access-token',
  'print-identity-token',
  'get-access-token',
  'create-for-rbac',
  'generate-sas',
  'generate-access-token',
  'sign-url',
])
const CLOUD_SECRETS = new Set(['access', 'list-keys', 'list-connection-strings', 'show-connection-string'])
const CLOUD_LOSES =
  /^(?:delete|remove|destroy|purge|stop|deallocate|reset|cancel|disable|abandon-instances|delete-instances|drain|clear|detach|revoke|failover|restore|invoke|run-command|terminate|suspend|exec|ssh|call|execute)/

/** gcloud and az: groups of nouns, then a verb. A word that is neither is not understood. */
export function judgeGroupedCloud(call: Call): void {
  const values = call.name === 'az' ? AZ_VALUES : GCLOUD_VALUES
  const parsed = parseOptions(call.args, { values, style: 'gnu', stops: false })
  const operands = commandWords(call.args, values)
  const note = noter(call)
  for (const { name, at, value } of parsed.options) {
    if (name === 'flags-file') call.note('destructive', 'reads options from a file', at, value ?? at)
  }
  if (operands.length === 0) {
    const version = call.args.every((arg) => /^--?(?:version|help|h|v)$/.test(arg.value))
    return note(
      version ? 'read' : 'destructive',
      version ? 'prints its usage' : 'options that are not known before the verb',
    )
  }
  const groups = call.name === 'az' ? AZ_GROUPS : GCLOUD_GROUPS
  const found = operands.findIndex((word) => !groups.has(word.value) || !word.fixed)
  const at = found === -1 ? operands.length - 1 : found
  const verb = operands[at]
  if (verb === undefined || refuseOpen(call, parsed, operands.slice(0, at + 1))) return
  const name = verb.value
  if (name === 'help' || (found === -1 && name === 'info')) return note('read', 'only shows')
  if (call.name === 'az') return judgeAz(call, parsed, leading(call.args, operands), note)
  if (found === -1) return call.note('destructive', `nothing is known about ${call.name} ${name}`, verb)
  if (operands[0]?.value === 'config' && CLOUD_READS.has(name))
    return note('read', 'shows the client configuration')
  if (CLOUD_MINTS.has(name)) return note('change', 'mints a token', ['secret'])
  if (parsed.options.some((option) => option.name === 'out-file')) return note('change', 'writes a file')
  if (CLOUD_SECRETS.has(name)) return note('read', 'shows a secret', ['secret'])
  if (name === 'ssh') return judgeCloudSsh(call, parsed)
  const browses = operands[0]?.value === 'storage' && /^(?:ls|cat|du|hash)$/.test(name)
  if (CLOUD_READS.has(name) || browses)
    return note('read', `${name} only reads`, name === 'tail' ? ['endless'] : [])
  noteCloudChange(name, note)
}

/** `az GROUP... VERB`. A verb takes no words, and can be a group as well (`apic api version delete`): the last word counts. */
function judgeAz(call: Call, parsed: ParsedOptions, words: Argument[], note: Noter): void {
  const path = words.map((word) => word.value)
  const shows = path[0] === 'config' && path[1] === 'get'
  const name = shows ? 'get' : (path.at(-1) ?? '')
  const has = (option: string): boolean => parsed.options.some((one) => one.name === option)
  const unknown = words.find((word) => !isKnown(word) || !word.fixed)
  if (unknown !== undefined && !shows)
    return call.note('destructive', 'its verb is not known before it runs', unknown)
  if (path[0] === 'rest') return judgeAzRest(parsed, note)
  if (CLOUD_MINTS.has(name)) return note('change', 'mints a token', ['secret'])
  if (!AZ_READS.test(name) && !CLOUD_SECRETS.has(name) && !AZ_SECRETS.test(path.slice(-2).join(' ')))
    return noteCloudChange(name, note)
  if (path.length < 2 && name !== 'version') return note('destructive', `nothing is known about az ${name}`)
  if (parsed.options.some((option) => AZ_FILES.has(option.name))) return note('change', 'writes a file')
  const vault = path[0] === 'keyvault'
  const secret = vault
    ? path[1] === 'secret' && name === 'show'
    : (AZ_SECRETS.test(path.slice(-2).join(' ')) && path[0] !== 'ad') ||
      has('show-values') ||
      has('show-secrets')
  const follows = name === 'tail' || ((name === 'logs' || path.at(-2) === 'logs') && has('follow'))
  note('read', `${name} only reads`, [
    ...(follows ? ['endless' as const] : []),
    ...(secret ? ['secret' as const] : []),
  ])
}

/** The words that stand together: behind an option a word may be a value. */
function leading(args: readonly Argument[], operands: readonly Argument[]): Argument[] {
  const start = args.findIndex((arg) => arg === operands[0])
  const end = operands.findIndex((word, index) => args[start + index] !== word)
  return operands.slice(0, end === -1 ? undefined : end)
}

function judgeAzRest(parsed: ParsedOptions, note: Noter): void {
  const given = parsed.options.find(({ name }) => name === 'method' || name === 'm')
  const method = given === undefined ? 'get' : (given.value?.value ?? '').toLowerCase()
  if (parsed.options.some(({ name }) => name === 'output-file')) return note('change', 'writes a file')
  if (method === 'get' || method === 'head') return note('read', 'HTTP GET')
  note(/^(?:post|put|patch)$/.test(method) ? 'change' : 'destructive', `HTTP ${method.toUpperCase()}`)
}

function noteCloudChange(name: string, note: Noter): void {
  if (CLOUD_LOSES.test(name)) return note('destructive', `${name} ends or deletes something`)
  note(CLOUD_CHANGES.test(name) ? 'change' : 'destructive', `${name} is not a verb that only reads`)
}

const CLOUD_CHANGES =
  /^(?:create|update|set|add|patch|resize|start|restart|enable|attach|scale|upgrade|deploy|login|activate|use|get-credentials|import|export|copy|cp|mv|publish|ack|pull|reboot|move|rolling-action|rollback|apply|assign|grant|redeploy|reimage|tag|label|promote|clone|install|init|submit|configure|upload|download|append|swap)/
const AZ_VALUES = new Set([
  'g', 'resource-group', 'n', 'name', 'o', 'output', 'query', 'subscription', 's', 'l', 'location', 'ids', 'vault-name', 'account-name', 'cluster-name', 'server',
  'server-name', 'namespace-name', 'w', 'workspace', 'resource', 'metric', 'metrics', 'interval', 'start-time', 'end-time', 'offset', 'top', 'filter', 'registry',
  'r', 'nsg-name', 'vnet-name', 'lb-name', 'zone-name', 'resource-type', 'assignee', 'scope', 'container-name', 'c', 'id', 'aggregation', 'status', 'max-events',
  'analytics-query', 't', 'timespan', 'slot', 'vm-name', 'application', 'database-name', 'type', 'resource-group-name', 'i', 'repository', 'method', 'm', 'uri', 'url', 'u', 'body', 'b', 'headers', 'resource', 'output-file', 'policy', 'peering', 'cluster',
  'namespace', 'namespace-name', 'app', 'revision', 'replica', 'tail', 'days', 'max-items', 'num-results', 'p', 'f', 'q', 'graph-query', 'first', 'skip',
]) // prettier-ignore

function judgeCloudSsh(call: Call, parsed: ParsedOptions): void {
  if (parsed.options.some(({ name }) => name === 'ssh-flag'))
    return call.note('destructive', 'settings of ssh that cannot be judged', call.word, call.args.at(-1))
  const code = parsed.options.find(({ name }) => name === 'command')?.value
  if (parsed.dashes)
    return call.note('destructive', 'options of ssh that cannot be judged', call.word, call.args.at(-1))
  runRemote(call, code ? [code] : [], 'gcloud compute ssh', call.stdin)
}

/** Operands up to the first option whose arity is not known: behind it a word may be a value. */
function commandWords(args: readonly Argument[], values: ReadonlySet<string>): Argument[] {
  const words: Argument[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]
    if (arg === undefined) break
    if (!arg.value.startsWith('-') || arg.value === '-') {
      words.push(arg)
      continue
    }
    const name = arg.value.replace(/^-+/, '').replace(/=.*$/s, '')
    if (!arg.value.includes('=') && values.has(name)) index++
    else if (
      !arg.value.includes('=') &&
      !/^(?:debug|quiet|q|no-verify-ssl|no-paginate|no-cli-pager|no-sign-request|no-user-output-enabled|only-show-errors|verbose|log-http)$/.test(
        name,
      )
    )
      break
  }
  return words
}

function refuseOpen(call: Call, parsed: ParsedOptions, words: (Argument | undefined)[]): boolean {
  const bad = words.find((word) => word !== undefined && (!isKnown(word) || !word.fixed))
  const open = parsed.open[0]
  if (bad === undefined && open === undefined) return false
  call.note('destructive', 'a verb or options that are not known before it runs', bad ?? open)
  return true
}

type Noter = (risk: Risk, why: string, flags?: CommandFlag[]) => void

function noter(call: Call): Noter {
  return (risk, why, flags = []) => call.note(risk, why, call.word, call.args.at(-1), flags)
}
