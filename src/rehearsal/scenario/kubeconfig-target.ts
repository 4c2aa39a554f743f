import { spawn } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../base/error.ts'
import { kubectl, kubectlOutput } from './kubectl.ts'
import { faultCommands } from './kubectl-faults.ts'
import type { RehearsalTarget } from './rehearse.ts'

/** A namespace of a cluster that is not ours. */
export interface KubeconfigTarget {
  context: string
  namespace: string
}

/** A namespace is rehearsed in only when its owner has said so with this label. */
const LABEL = 'erlmcp.io/rehearsal'

/** `sandbox` is `null`. @throws AppError `usage` for anything else than `kubeconfig:CONTEXT/NAMESPACE`. */
export function parseTarget(text: string): KubeconfigTarget | null {
  if (text === 'sandbox') return null
  // a context may have slashes in its name, a namespace has none
  const match = /^kubeconfig:(.+)\/([a-z0-9]([-a-z0-9]*[a-z0-9])?)$/.exec(text)
  if (match?.[1] !== undefined && match[2] !== undefined) return { context: match[1], namespace: match[2] }
  throw new AppError('usage', `the target ${JSON.stringify(text)} is of no known form`, {
    action: 'Give `sandbox`, or `kubeconfig:CONTEXT/NAMESPACE`.',
  })
}

export interface OpenedTarget {
  target: RehearsalTarget
  cluster: {
    context: string
    namespace: string
    observer: Record<string, string>
    operator: Record<string, string>
    prometheusUrl: string
    variables: Record<string, string>
  }
  close(): Promise<void>
}

interface Options {
  /** The caller's own: HOME, KUBECONFIG, PATH, and what credential plugins need. */
  environment: Readonly<Record<string, string | undefined>>
  dataDir: string
  /** `null`: the service `prometheus` of the namespace, through a port-forward. */
  prometheusUrl: string | null
}

/**
 * Opens a namespace of a real cluster for rehearsals.
 * @throws AppError `forbidden` without the label, `unavailable` when the cluster does not answer
 */
export async function openKubeconfigTarget(
  wanted: KubeconfigTarget,
  options: Options,
): Promise<OpenedTarget> {
  const own = definedOnly(options.environment)
  await requireLabel(wanted, own)
  const kubeconfig = await writeOwnKubeconfig(wanted, own, options.dataDir)
  const environment = { ...own, KUBECONFIG: kubeconfig }
  const forward = options.prometheusUrl === null ? await forwardPrometheus(wanted, environment) : null
  const credentials = { HOME: own['HOME'] ?? '/', KUBECONFIG: kubeconfig }
  const identity = async (account: string): Promise<Record<string, string>> => ({
    ...credentials,
    KUBECONFIG: (await kubeconfigOf(wanted, environment, account, options.dataDir)) ?? kubeconfig,
  })
  return {
    target: {
      name: `kubeconfig:${wanted.context}/${wanted.namespace}`,
      namespace: wanted.namespace,
      environment,
      prometheusUrl: options.prometheusUrl ?? forward?.url ?? null,
      async inject(fault) {
        for (const args of faultCommands(fault, wanted.namespace)) await kubectlOutput(args, environment)
      },
    },
    cluster: {
      ...wanted,
      observer: await identity('erlmcp-observer'),
      operator: await identity('erlmcp-operator'),
      prometheusUrl: options.prometheusUrl ?? forward?.url ?? '',
      variables: {},
    },
    async close() {
      await forward?.stop()
    },
  }
}

const definedOnly = (environment: Options['environment']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  )

async function requireLabel(
  { context, namespace }: KubeconfigTarget,
  environment: Record<string, string>,
): Promise<void> {
  const query = ['--context', context, 'get', 'namespace', namespace, '-o', `jsonpath={.metadata.labels.${LABEL.replaceAll('.', String.raw`\.`)}}`] // prettier-ignore
  const { code, out, err } = await kubectl(query, environment)
  if (code !== 0) {
    throw new AppError(
      'unavailable',
      `the namespace ${namespace} of ${context} cannot be looked at: ${err.trim()}`,
      {
        action:
          'Check the context and the namespace with `kubectl config get-contexts` and `kubectl get namespaces`.',
      },
    )
  }
  if (out.trim() === 'true') return
  throw new AppError(
    'forbidden',
    `the namespace ${namespace} of ${context} is not set aside for rehearsals: it has no label ${LABEL}=true${out.trim() === '' ? '' : ` (it is ${JSON.stringify(out.trim())})`}`,
    {
      action: `A rehearsal breaks things on purpose. Where nobody depends on it: kubectl --context ${context} label namespace ${namespace} ${LABEL}=true`,
    },
  )
}

/** Only this context, as the current one: a command of a page names no context, and must not reach another cluster. */
async function writeOwnKubeconfig(
  { context, namespace }: KubeconfigTarget,
  environment: Record<string, string>,
  dataDir: string,
): Promise<string> {
  const text = await kubectlOutput(
    ['config', 'view', '--raw', '--flatten', '--minify', '--context', context],
    environment,
  )
  const file = path.join(dataDir, 'kubeconfig')
  await writePrivate(file, text)
  const own = { ...environment, KUBECONFIG: file }
  await kubectlOutput(['config', 'use-context', context], own)
  await kubectlOutput(['config', 'set-context', context, `--namespace=${namespace}`], own)
  return file
}

/** The same with the token of a service account of the namespace; `null` where there is none, or none may be made. */
async function kubeconfigOf(
  { context, namespace }: KubeconfigTarget,
  environment: Record<string, string>,
  account: string,
  dataDir: string,
): Promise<string | null> {
  const token = await kubectl(['create', 'token', account, '-n', namespace, '--duration=2h'], environment)
  if (token.code !== 0 || token.out.trim() === '') return null
  const file = path.join(dataDir, account)
  const text = await kubectlOutput(['config', 'view', '--raw', '-o', 'json'], environment)
  const config = JSON.parse(text) as {
    contexts: { name: string; context: Record<string, unknown> }[]
    users: unknown[]
  }
  const users = [{ name: account, user: { token: token.out.trim() } }]
  const contexts = config.contexts
    .filter(({ name }) => name === context)
    .map((each) => ({ ...each, context: { ...each.context, user: account } }))
  await writePrivate(file, JSON.stringify({ ...config, users, contexts }))
  return file
}

async function writePrivate(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, text, { mode: 0o600 })
  await chmod(file, 0o600)
}

const FORWARD_TIMEOUT_MS = 15_000

async function forwardPrometheus(
  { namespace }: KubeconfigTarget,
  environment: Record<string, string>,
): Promise<{ url: string; stop(): Promise<void> }> {
  const args = ['port-forward', '-n', namespace, 'service/prometheus', ':9090', '--address=127.0.0.1']
  const child = spawn('kubectl', args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const port = await new Promise<string>((resolve, reject) => {
    const fail = (why: string): void =>
      reject(
        new AppError('unavailable', `the Prometheus of ${namespace} cannot be reached: ${why}`, {
          action: 'Give its address with --prometheus URL.',
        }),
      )
    const timer = setTimeout(() => fail('no answer'), FORWARD_TIMEOUT_MS)
    const hear = (part: Buffer): void => {
      said += part.toString('utf8')
      const found = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(said)?.[1]
      if (found === undefined) return
      clearTimeout(timer)
      resolve(found)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('error', (error) => fail(error.message))
    child.once('exit', () => fail(said.trim() || 'kubectl port-forward ended'))
  })
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM')
      await gone
    },
  }
}
