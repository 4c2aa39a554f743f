import { isKnown } from '../shell/argument.ts'
import type { Argument } from '../shell/argument.ts'
import type { Call } from './call.ts'
import { parseOptions } from './options.ts'

const VALUES = new Set([
  'h', 'p', 's', 'a', 'u', 'user', 'pass', 'r', 'i', 'n', 'd', 'D', 't', 'sni', 'cacert', 'cacertdir', 'cert', 'key',
  'tls-ciphers', 'tls-ciphersuites', 'pattern', 'quoted-pattern', 'count', 'cursor', 'top', 'lru-test', 'rdb', 'functions-rdb',
  'intrinsic-latency', 'eval', 'X', 'memkeys-samples', 'keystats-samples', 'show-pushes',
]) // prettier-ignore
const NAMES = new Set([
  'askpass', '2', '3', 'x', 'c', 'e', 'tls', 'insecure', 'raw', 'no-raw', 'quoted-input', 'csv', 'json', 'quoted-json', 'no-auth-warning',
  'stat', 'latency', 'latency-history', 'latency-dist', 'replica', 'slave', 'pipe', 'bigkeys', 'memkeys', 'hotkeys', 'keystats', 'scan',
  'ldb', 'ldb-sync-mode', 'cluster', 'verbose', 'no-verbose', 'version', 'help', 'pipe-timeout', 'prefer-ipv4', 'prefer-ipv6',
]) // prettier-ignore
const ENDLESS = new Set(['stat', 'latency', 'latency-history', 'latency-dist'])

/**
 * Compared with redis-doc `commands.json` (7.x, 2025): none of these has the flag `write`. Of what has `readonly`, the
 * scripts (`EVAL_RO`, `FCALL_RO`) and `TOUCH` are left out. `SENTINEL` is from its page there, `DEBUG OBJECT` is in
 * neither: the server's own help.
 */
const READS = new Set(
  `
  ping echo info dbsize time lastsave role command exists get mget getbit getrange substr strlen ttl pttl expiretime
  pexpiretime type keys scan randomkey dump llen lindex lrange lpos hget hmget hgetall hkeys hvals hlen hexists hscan
  hstrlen hrandfield scard smembers sismember smismember srandmember sscan sinter sunion sdiff sintercard zcard zcount zrange
  zrangebyscore zrevrangebyscore zrevrange zrank zrevrank zscore zmscore zscan zlexcount zrangebylex zrevrangebylex
  zrandmember zdiff zinter zintercard zunion bitcount bitpos bitfield_ro georadius_ro georadiusbymember_ro geosearch geopos geodist geohash
  pfcount xlen xrange xrevrange xread sort_ro lolwut lcs memory_usage memory_stats memory_doctor memory_help object_encoding object_freq
  object_idletime object_refcount object_help client_list client_info client_id client_getname client_help config_get config_help slowlog_get slowlog_len
  latency_latest latency_history latency_doctor latency_graph latency_histogram latency_help cluster_info cluster_nodes cluster_slots cluster_shards
  cluster_links cluster_myid cluster_keyslot cluster_countkeysinslot cluster_getkeysinslot cluster_replicas cluster_slaves cluster_help
  sentinel_masters sentinel_master sentinel_replicas sentinel_slaves sentinel_sentinels sentinel_get-master-addr-by-name sentinel_ckquorum
  sentinel_myid sentinel_info-cache acl_list acl_users acl_whoami acl_cat acl_getuser pubsub_channels pubsub_numsub pubsub_numpat
  xinfo_stream xinfo_groups xinfo_consumers xpending script_exists module_list function_list function_stats command_count command_info command_docs
  command_list command_getkeys command_getkeysandflags command_help debug_object memory_malloc-stats acl_dryrun acl_help
  client_getredir client_trackinginfo cluster_count-failure-reports cluster_myshardid function_dump function_help module_help
  pubsub_help pubsub_shardchannels pubsub_shardnumsub script_help slowlog_help xinfo_help
`.split(/\s+/),
)
const GROUPS = new Set(
  'memory object client config slowlog latency cluster sentinel acl pubsub xinfo script module function command debug'.split(
    ' ',
  ),
)
const CHANGES =
  /^(?:set\w*|append|incr\w*|decr\w*|mset\w*|getset|getex|expire\w*|pexpire\w*|persist|touch|copy|h(?:set\w*|mset|incr\w*|expire\w*|getex)|l(?:push\w*|set|insert|move)|rpush\w*|rpoplpush|blmove|s(?:add|move|interstore|unionstore|diffstore)|z(?:add|incrby|\w*store)|geoadd|geosearchstore|pfadd|pfmerge|xadd|xack|xgroup|xclaim|xautoclaim|xreadgroup|publish|spublish|save|bgsave|bgrewriteaof|readonly|readwrite|config|slowlog|latency|auth|select|hello|reset|wait\w*|multi|exec|watch|unwatch|discard|sort|georadius\w*|bitop|bitfield)$/

export function judgeRedis(call: Call): void {
  const parsed = parseOptions(call.args, { values: VALUES, names: NAMES, style: 'gnu', stops: true })
  for (const word of parsed.open)
    call.note('destructive', 'options or a command that are not known before it runs', word)
  const names = new Set(parsed.options.flatMap((option) => option.candidates))
  for (const { name, at, candidates } of parsed.options) {
    if (!candidates.every((one) => VALUES.has(one) || NAMES.has(one)))
      call.note('destructive', `redis-cli has no option ${name} that is known`, at)
  }
  const [manager] = parsed.operands
  if (
    names.has('cluster') &&
    manager?.fixed === true &&
    /^(?:check|info|help)$/.test(manager.value) &&
    !['eval', 'pipe', 'ldb', 'functions-rdb', 'rdb'].some((name) => names.has(name))
  ) {
    return call.note('read', 'looks at the nodes of a cluster', call.word, call.args.at(-1))
  }
  if (
    names.has('eval') ||
    names.has('pipe') ||
    names.has('cluster') ||
    names.has('ldb') ||
    names.has('functions-rdb')
  ) {
    return call.note(
      'destructive',
      'runs a script, a stream of commands, or manages the cluster',
      call.word,
      call.args.at(-1),
    )
  }
  if (names.has('rdb')) return call.note('change', 'writes a file', call.word, call.args.at(-1))
  if (names.has('lru-test'))
    return call.note('destructive', 'fills the server with keys', call.word, call.args.at(-1))
  const [verb, sub] = parsed.operands
  if (verb === undefined) return judgeBare(call, names)
  const endless = isEndless(verb, names, parsed.options.find((option) => option.name === 'r')?.value ?? null)
  noteCommand(call, verb, sub, endless)
}

function judgeBare(call: Call, names: ReadonlySet<string>): void {
  if (
    ['scan', 'bigkeys', 'memkeys', 'hotkeys', 'keystats', 'version', 'help', 'intrinsic-latency'].some(
      (name) => names.has(name),
    )
  ) {
    return call.note('read', 'looks at the keys or measures', call.word, call.args.at(-1))
  }
  if ([...ENDLESS].some((name) => names.has(name)) || names.has('replica') || names.has('slave')) {
    return call.note('read', 'shows figures until it is stopped', call.word, call.args.at(-1), ['endless'])
  }
  if (call.stdin.kind === 'none')
    return call.note('destructive', 'opens a session for a person', call.word, call.args.at(-1), [
      'interactive',
    ])
  if (call.stdin.kind !== 'text')
    return call.note('destructive', 'runs the commands it reads', call.word, call.args.at(-1))
  for (const line of call.stdin.text.value.split('\n').filter((one) => one.trim() !== '')) {
    const [first = '', second] = line.trim().split(/\s+/)
    const word = { ...call.stdin.text, value: first }
    noteCommand(call, word, second === undefined ? undefined : { ...call.stdin.text, value: second }, false)
  }
}

function isEndless(verb: Argument, names: ReadonlySet<string>, repeat: Argument | null): boolean {
  return (
    repeat?.value === '-1' ||
    /^(?:monitor|subscribe|psubscribe|ssubscribe)$/i.test(verb.value) ||
    names.has('stat')
  )
}

function noteCommand(call: Call, verb: Argument, sub: Argument | undefined, endless: boolean): void {
  if (!isKnown(verb) || !verb.fixed)
    return call.note('destructive', 'a command that is not known before it runs', verb)
  const name = verb.value.toLowerCase()
  const flags = endless ? (['endless'] as const) : []
  if (name === 'monitor' || name.endsWith('subscribe'))
    return call.note('read', 'shows what happens until it is stopped', call.word, call.args.at(-1), [
      'endless',
    ])
  const full =
    GROUPS.has(name) && sub !== undefined ? `${name}_${sub.fixed ? sub.value.toLowerCase() : '?'}` : name
  if (READS.has(full)) {
    return call.note('read', `${verb.value} only reads`, call.word, call.args.at(-1), flags)
  }
  call.note(
    CHANGES.test(name) ? 'change' : 'destructive',
    `${verb.value} is not one of the commands that only read`,
    verb,
    sub ?? verb,
    flags,
  )
}
