import type { Symptom } from './model.ts'

interface Cause {
  /** One sentence for people. */
  says: string
  symptoms: readonly Symptom[]
  /** How near it is to the root: of two findings the one with the larger weight stands first. 1 to 10. */
  weight: number
  /** Where pages tell how to mend it: ids of procedures, best first, and words of the option. */
  mend: { procedures: readonly string[]; option?: RegExp }
}

const cause = (
  says: string,
  symptoms: readonly Symptom[],
  weight: number,
  procedures: readonly string[],
  option?: RegExp,
): Cause => ({
  says,
  symptoms,
  weight,
  mend: { procedures, ...(option === undefined ? {} : { option }) },
})

const START = 'pod-wont-start'
const SILENT = 'not-responding'
const DATABASE = 'database-wont-connect'
const SLOW = 'high-latency'
const starts = [START, SILENT] as const
const everywhere = [START, SILENT, DATABASE, SLOW] as const

/** Every cause that is recognised. */
export const CAUSES = {
  'image-missing': cause('The image does not exist in its registry', starts, 9, ['pod-does-not-start', 'rollback'], /image/i),
  'image-access': cause('The registry refuses access to the image', starts, 9, ['pod-does-not-start'], /image/i),
  'image-name': cause('The name of the image is not valid', starts, 9, ['pod-does-not-start', 'rollback'], /image/i),
  'registry-unreachable': cause('The registry of the image does not answer', starts, 8, ['pod-does-not-start'], /image/i),
  'image-pull': cause('The image cannot be pulled', starts, 7, ['pod-does-not-start', 'rollback'], /image/i),
  'config-missing': cause('A ConfigMap, or a key of one, that a container needs does not exist', starts, 9, ['pod-crashloop', 'pod-does-not-start'], /configuration/i),
  'secret-missing': cause('A Secret, or a key of one, that a container needs does not exist', [START, SILENT, DATABASE], 9, ['database-does-not-connect', 'pod-does-not-start']),
  'volume-mount': cause('A volume cannot be mounted', starts, 8, ['pod-does-not-start']),
  'claim-unbound': cause('A volume claim is not bound', starts, 9, ['pod-does-not-start']),
  'program-missing': cause('The program of the container cannot be started', starts, 9, ['pod-crashloop', 'rollback'], /release/i),
  'oom-killed': cause('A container is killed because it needs more memory than its limit', [START, SILENT, SLOW], 9, ['oom-killed', 'pod-crashloop'], /raise the limit|memory limit/i),
  'liveness-kills': cause('A failing liveness probe restarts the container', [START, SILENT, SLOW], 8, ['pod-crashloop'], /release/i),
  'startup-probe': cause('The startup probe does not succeed in time', starts, 8, ['pod-crashloop'], /release/i),
  'disk-full': cause('A disk is full', [START, SILENT, DATABASE], 9, ['pod-crashloop'], /full disk/i),
  'crash-loop': cause('A container ends again soon after each start', [START, SILENT, SLOW], 6, ['pod-crashloop'], /release/i),
  'init-failing': cause('An init container does not succeed', starts, 8, ['pod-crashloop', 'pod-does-not-start']),
  'not-ready': cause('A container runs, but its readiness probe fails', starts, 5, ['rollback', 'service-does-not-respond']),
  'no-room-cpu': cause('No node has room for the CPU that the pod asks for', starts, 9, ['pod-does-not-start'], /requests/i),
  'no-room-memory': cause('No node has room for the memory that the pod asks for', starts, 9, ['pod-does-not-start'], /requests/i),
  'no-node-fits': cause('No node fits the selector or affinity of the pod', starts, 8, ['pod-does-not-start']),
  'node-taint': cause('The nodes are tainted or cordoned, and the pod does not tolerate it', starts, 7, ['pod-does-not-start']),
  'too-many-pods': cause('The nodes hold as many pods as they may', starts, 8, ['pod-does-not-start']),
  unschedulable: cause('No node takes the pod', starts, 6, ['pod-does-not-start']),
  'quota-used-up': cause('The quota of the namespace leaves no room for the pod', starts, 9, ['pod-does-not-start'], /quota/i),
  'limit-range': cause('The pod breaks a limit range of the namespace', starts, 9, ['pod-does-not-start']),
  'account-missing': cause('The service account of the pod does not exist', starts, 9, ['pod-does-not-start']),
  'create-refused': cause('The API server refuses to create the pods', starts, 7, ['pod-does-not-start']),
  'rollout-stuck': cause('The rollout has made no progress within its deadline', starts, 4, ['rollback']),
  'rollout-paused': cause('The Deployment is paused: a change of it starts no pods', starts, 6, ['rollback']),
  'scaled-to-zero': cause('The workload is scaled to no pods', starts, 9, ['scale-horizontal']),
  evicted: cause('A pod was evicted because its node ran out of something', [START, SILENT, SLOW], 7, ['high-memory', 'pod-does-not-start']),
  'stuck-terminating': cause('A pod does not end: it has been terminating for longer than its grace period', starts, 6, ['pod-does-not-start']),
  'node-not-ready': cause('A node is not ready', everywhere, 9, ['pod-does-not-start']),
  'node-pressure': cause('A node runs out of memory, disk or process numbers', everywhere, 7, ['high-memory']),
  'workload-missing': cause('There is no workload of this name', everywhere, 9, ['quick-reference']),
  'service-drained': cause('The service was drained for maintenance: its selector matches no pod any more', [SILENT], 10, ['service-does-not-respond', 'maintenance'], /drained/i),
  'selector-mismatch': cause('The selector of the service matches no pod', [SILENT], 9, ['service-does-not-respond']),
  'port-mismatch': cause('The service sends traffic to a port that no container has', [SILENT], 9, ['service-does-not-respond'], /port/i),
  'policy-denies': cause('A network policy lets no traffic through to the port of the service', [SILENT], 9, ['service-does-not-respond'], /policy/i),
  'no-endpoints': cause('The service has no ready pod behind it', [SILENT], 6, ['service-does-not-respond']),
  'service-missing': cause('No service sends traffic to the workload', [SILENT], 6, ['service-does-not-respond']),
  'replicas-missing': cause('Fewer pods are ready than are wanted', [SILENT, SLOW], 3, ['pod-does-not-start']),
  'database-gone': cause('No pod of the database exists', [DATABASE, SILENT, SLOW], 10, ['database-down'], /gone/i),
  'database-not-ready': cause('The database runs, but is not ready', [DATABASE, SILENT, SLOW], 9, ['database-down'], /does not answer/i),
  'database-no-endpoints': cause('The service of the database has nothing ready behind it', [DATABASE], 7, ['database-down']),
  'database-full': cause('The database takes no more connections', [DATABASE, SLOW], 9, ['database-failures'], /long-running|enlarge/i),
  'database-password': cause('The database refuses the password', [DATABASE], 9, ['database-does-not-connect']),
  'database-name': cause('The name of the database host is not found', [DATABASE], 8, ['database-does-not-connect']),
  'database-missing': cause('The database server has no database of that name', [DATABASE], 9, ['database-does-not-connect']),
  'database-refused': cause('Nothing listens where the database is looked for', [DATABASE], 7, ['database-down']),
  'database-timeout': cause('Connecting to the database takes too long', [DATABASE, SLOW], 6, ['database-failures']),
  'pool-exhausted': cause('The connection pool of the service is used up', [DATABASE, SLOW], 9, ['database-failures'], /pool|leaks/i),
  'slow-queries': cause('The log tells of slow or blocked queries', [SLOW, DATABASE], 7, ['high-latency', 'database-failures'], /long-running/i),
  'connection-limit': cause('The service refuses clients: its connection limit is reached', [SLOW, SILENT], 8, ['high-error-rate'], /connections/i),
  'cpu-at-limit': cause('A pod uses all of the CPU that it may', [SLOW], 8, ['high-cpu', 'high-latency'], /scale out/i),
  'cpu-one-pod': cause('One pod uses far more CPU than the others', [SLOW], 8, ['high-cpu'], /busy loop|restart/i),
  'memory-near-limit': cause('A pod is near its memory limit', [SLOW], 6, ['high-memory'], /restart|raise/i),
  'autoscaler-at-maximum': cause('The autoscaler wants more pods than its maximum', [SLOW], 8, ['scale-horizontal', 'high-latency']),
  'autoscaler-blind': cause('The autoscaler cannot read the usage that it scales by', [SLOW], 7, ['scaling']),
  'rollout-under-way': cause('A rollout is under way', [SLOW], 2, ['rollback']),
} as const satisfies Record<string, Cause> // prettier-ignore

export type CauseName = keyof typeof CAUSES
export const causeOf = (name: CauseName): Cause => CAUSES[name]
