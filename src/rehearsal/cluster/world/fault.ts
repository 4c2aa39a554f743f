/** What can be made to go wrong, and how it can be mended. */
export type Fault =
  /** Release 1.2.3 is rolled out: 8.5 % of the requests fail. Mended by going back. */
  | { kind: 'bad-release' }
  /** One pod fails half of its requests. Mended by restarting it. */
  | { kind: 'stuck-process' }
  /** More clients than three pods take. Mended by scaling out. */
  | { kind: 'overload' }
  /** Every pod grows, to 92 % of its limit or with `fatal` beyond it. Mended by a restart. */
  | { kind: 'memory-leak'; megabytesPerSecond?: number; fatal?: boolean }
  /** A cache that is larger than the limit fills with the requests, again after each kill. Mended by a higher limit or by going back. */
  | { kind: 'oom-kill' }
  /** One pod burns 90 % of its CPU limit. Mended by restarting it. */
  | { kind: 'busy-loop' }
  /** Every pod has lost all connections of its pool. Mended by a restart, with or without a larger pool. */
  | { kind: 'pool-exhausted' }
  /** `ERLMCP_MAX_CONNECTIONS` is set too low for the clients. Mended by raising it. */
  | { kind: 'connection-limit' }
  /** A session holds a lock on the table for an hour. Mended by terminating it. */
  | { kind: 'long-query' }
  /** A session locks the table again and again, so that every request is slow. Mended by terminating it. */
  | { kind: 'slow-database' }
  /** The database pod is gone; nothing brings a bare pod back. Mended by creating it again. */
  | { kind: 'database-dead' }
  /** New pods, or with a full disk one of the old ones, end soon after each start. */
  | { kind: 'crash-loop'; cause: 'bad-config' | 'missing-variable' | 'memory-limit' | 'full-disk' }
  /** A release is rolled out that no registry has. Mended by going back. */
  | { kind: 'image-missing' }
  /** A quota leaves no room for the pods of a rollout. Mended by raising or removing it. */
  | { kind: 'quota-exhausted' }
  /** Pods ask for more CPU than a node has. Mended by asking for less. */
  | { kind: 'node-full' }
  /** The service selects no pod any more. Mended by restoring the selector. */
  | { kind: 'service-drained' }
  /** The service sends traffic to a port where nothing listens. Mended by restoring the port. */
  | { kind: 'port-refused' }
  /** The network policy of the service leaves its port out: connections are dropped. Mended by putting it back. */
  | { kind: 'network-denied' }

export const FAULT_KINDS = [
  'bad-release',
  'stuck-process',
  'overload',
  'memory-leak',
  'oom-kill',
  'busy-loop',
  'pool-exhausted',
  'connection-limit',
  'long-query',
  'slow-database',
  'database-dead',
  'crash-loop',
  'image-missing',
  'quota-exhausted',
  'node-full',
  'service-drained',
  'port-refused',
  'network-denied',
] as const satisfies readonly Fault['kind'][]
