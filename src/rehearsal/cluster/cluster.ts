import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { delay } from '../../base/clock.ts'
import { AppError } from '../../base/error.ts'
import type { ApiContext } from './api/context.ts'
import { startApiServer } from './api/server.ts'
import { createObject } from './api/write.ts'
import { createCertificate } from './certificate.ts'
import { Controllers } from './controllers/controllers.ts'
import { isReady } from './controllers/deps.ts'
import { EventRecorder } from './events.ts'
import { Tokens } from './identity.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import { detectIsolation } from './kubelet/isolation.ts'
import { Kubelet } from './kubelet/kubelet.ts'
import { ProcessRecord } from './kubelet/processes.ts'
import { findNetwork } from './network/addresses.ts'
import type { AddressBlock } from './network/addresses.ts'
import { startHttpProxy } from './network/http-proxy.ts'
import { hostsText, resolveName } from './network/names.ts'
import type { Ports } from './network/ports.ts'
import { ServiceProxy } from './network/services.ts'
import { nameOf, namespaceOf } from './object.ts'
import type { KubeObject } from './object.ts'
import { takeOwnership } from './ownership.ts'
import { RESOURCES } from './resources.ts'
import { Store } from './store.ts'
import type { Fault } from './world/fault.ts'
import { injectFault } from './world/faults.ts'
import { startLoad } from './world/load.ts'
import type { Load } from './world/load.ts'
import { asApplied, manifestsDir, readManifests } from './world/manifests.ts'
import { startProbes } from './world/probes.ts'
import { startStateMetrics } from './world/state-metrics.ts'
import { writeTargets } from './world/targets.ts'
import { nodeObjects } from './world/nodes.ts'
import { findPostgres, prepareTemplate } from './world/postgres.ts'

export type Identity = 'admin' | 'observer' | 'operator'

export interface ClusterOptions {
  /** Folder of its own for the sandbox: kubeconfigs, files of the pods, the database. Created when missing. */
  dataDir: string
  log?: (message: string) => void
  /** Back-offs, deadlines and periods of controllers are divided by this; processes start as fast as they do. Default 1. */
  speed?: number
  /** Requests a second on the workload. Default 20; 0 for none. */
  load?: number
  /** Resolves only when every pod of the default world is ready. Default true. */
  waitUntilReady?: boolean
  /** Where programs are looked for. */
  path?: string
  /** `processes`: do without namespaces even where the machine has them. Default: namespaces where possible. */
  isolation?: 'processes'
  /** `stand-in`: a small program in place of Prometheus even where that is installed. */
  prometheus?: 'stand-in'
}

export interface SandboxCluster {
  readonly namespace: string
  /** The administrator's; for people who play and for faults. */
  readonly kubeconfigPath: string
  readonly observerKubeconfigPath: string
  readonly operatorKubeconfigPath: string
  /** The manifests of the default world, for `kubectl apply -f`. */
  readonly manifestsDir: string
  /** `namespaces` where containers have their own root; `processes` where the machine does not allow that. */
  readonly isolation: 'namespaces' | 'processes'
  /** "8080 is 18080": what is taken on this machine. Empty where nothing is. */
  readonly otherPorts: string
  readonly load: Load
  /** What a command needs to reach the cluster as `identity`: KUBECONFIG, http_proxy, PGHOSTADDR and others. */
  environment(identity: Identity): Record<string, string>
  /** Base URL of a service of the default namespace. @throws AppError not_found */
  serviceUrl(name: string): string
  /** Makes something go wrong. Resolves when the cause is in place, not when it shows. */
  inject(fault: Fault): Promise<void>
  stop(): Promise<void>
}

const NAMESPACE = 'erlmcp'
const API_PORT = 6443
const PORTS = [API_PORT, 8080, 5432, 9090, 4318]
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** Some seconds where the machine is idle; much longer where it is busy. */
const READY_TIMEOUT_MS = 180_000
const projectRoot = path.resolve(import.meta.dirname, '../../..')
const workloadDir = path.resolve(import.meta.dirname, '../workload')

/** Starts a cluster inside this process. Linux only: it lives on loopback addresses, `/proc` and process groups. */
export async function startCluster(options: ClusterOptions): Promise<SandboxCluster> {
  if (process.platform !== 'linux') {
    throw new AppError('unsupported', `the sandbox cluster runs on Linux only, not on ${process.platform}`, {
      action: 'Start it in a container or virtual machine, or rehearse against a real cluster.',
    })
  }
  const dataDir = path.resolve(options.dataDir)
  const log = options.log ?? (() => undefined)
  mkdirSync(dataDir, { recursive: true })
  const release = takeOwnership(dataDir)
  try {
    return await bringUp(options, dataDir, log, release)
  } catch (error) {
    release()
    throw error
  }
}

async function bringUp(
  options: ClusterOptions,
  dataDir: string,
  log: (message: string) => void,
  release: () => void,
): Promise<SandboxCluster> {
  const record = new ProcessRecord(dataDir)
  const leftovers = record.endLeftovers()
  if (leftovers > 0) log(`ended ${leftovers} processes of an earlier sandbox`)
  rmSync(path.join(dataDir, 'pods'), { recursive: true, force: true })
  rmSync(path.join(dataDir, 'node'), { recursive: true, force: true })
  const now = () => new Date()
  const { addresses, ports } = await findNetwork(PORTS)
  if (ports.differ)
    log(`ports of the cluster are taken on this machine, on all addresses; here ${ports.toString()}`)
  const certificate = await createCertificate(addresses.host, now())
  const parts = await assemble({
    options,
    dataDir,
    log,
    record,
    addresses,
    ports,
    now,
    certificate: certificate.cert,
  })
  const server = await startApiServer(parts.context, {
    host: addresses.host,
    port: ports.actual(API_PORT),
    ...certificate,
  })
  const url = `https://${addresses.host}:${server.port}`
  const kubeconfig = (user: string, token: string) =>
    writeKubeconfig(path.join(dataDir, 'kubeconfig', user), { server: url, certificate: certificate.cert, user, token, namespace: NAMESPACE }) // prettier-ignore
  const kubeconfigs: Record<Identity, string> = {
    admin: kubeconfig('admin', parts.tokens.admin()),
    observer: kubeconfig('observer', parts.tokens.serviceAccount(NAMESPACE, 'erlmcp-observer')),
    operator: kubeconfig('operator', parts.tokens.serviceAccount(NAMESPACE, 'erlmcp-operator')),
  }
  const proxy = await startHttpProxy(addresses.host, (name, port) =>
    locate(parts.store, addresses, ports, name, port),
  )
  parts.names.proxyUrl = proxy.url
  const controllers = new Controllers({
    context: parts.context,
    events: parts.events,
    speed: options.speed ?? 1,
  })
  createWorld(parts.context, addresses, now())
  const services = new ServiceProxy(parts.store, ports, log)
  const probes = await startProbes(parts.store, addresses.host, ports)
  const state = await startStateMetrics(parts.context, addresses.host, path.join(dataDir, 'node'))
  const targets = writeTargets(parts.store, path.join(dataDir, 'node/host/prometheus/targets'), ports, [
    { targets: [probes.target], labels: { job: 'blackbox' } },
    { targets: [state.target], labels: { job: 'kubernetes' } },
  ])
  const load = startLoad(serviceUrl(parts.store, ports, 'erlmcp'), options.load ?? 20)
  const cluster: SandboxCluster = {
    namespace: NAMESPACE,
    kubeconfigPath: kubeconfigs.admin,
    observerKubeconfigPath: kubeconfigs.observer,
    operatorKubeconfigPath: kubeconfigs.operator,
    manifestsDir,
    isolation: parts.isolation.kind,
    otherPorts: ports.toString(),
    load,
    environment: (identity) =>
      environmentFor(parts.store, ports, identity, kubeconfigs[identity], dataDir, proxy.url),
    serviceUrl: (name) => serviceUrl(parts.store, ports, name),
    inject: (fault) => injectFault({ context: parts.context, kubelet: parts.kubelet, load, ports, sql: [process.execPath, path.join(workloadDir, `sql${path.extname(import.meta.filename)}`)] }, fault), // prettier-ignore
    async stop() {
      load.stop()
      controllers.stop()
      services.stop()
      targets.stop()
      await parts.kubelet.stop()
      await Promise.all([server.stop(), proxy.stop(), probes.stop(), state.stop()])
      await delay(100)
      record.endLeftovers()
      rmSync(path.join(dataDir, 'pods'), { recursive: true, force: true, maxRetries: 5 })
      release()
    },
  }
  if (options.waitUntilReady !== false) await untilReady(parts.store, cluster)
  return cluster
}

interface AssembleInput {
  options: ClusterOptions
  dataDir: string
  log: (message: string) => void
  record: ProcessRecord
  addresses: AddressBlock
  ports: Ports
  now: () => Date
  certificate: string
}

async function assemble(input: AssembleInput) {
  const { options, dataDir, log, addresses, ports, now } = input
  const store = new Store(now)
  const events = new EventRecorder(store, now)
  const names = { proxyUrl: '' }
  const tokens = new Tokens()
  const nodeBin = path.dirname(process.execPath)
  const isolation = detectIsolation(
    input.record,
    [projectRoot, path.dirname(nodeBin), dataDir],
    options.isolation,
  )
  const postgresBin = await findPostgres()
  const template = path.join(dataDir, 'images', 'postgres')
  if (postgresBin !== null) prepareTemplate(postgresBin, template)
  const files = new PodFiles(store, dataDir, tokens, input.certificate)
  const kubelet = new Kubelet({
    store,
    events,
    isolation,
    now,
    log,
    images: {
      node: process.execPath,
      workloadDir,
      compileCache: path.join(dataDir, 'cache', 'node'),
      postgresBin,
      postgresTemplate: template,
      prometheus: options.prometheus === 'stand-in' ? null : findPrometheus(),
    },
    podsDir: path.join(dataDir, 'pods'),
    nodeDir: path.join(dataDir, 'node'),
    path: options.path ?? `${nodeBin}:${DEFAULT_PATH}`,
    speed: options.speed ?? 1,
    ports,
    allocatePodIp: () => addresses.takePod(),
    releasePodIp: (ip) => addresses.releasePod(ip),
    hostsFile: (pod) => files.hosts(pod),
    tokenDir: (pod) => files.token(pod),
    clusterEnv: () => ({
      KUBERNETES_SERVICE_HOST: addresses.host,
      KUBERNETES_SERVICE_PORT: String(ports.actual(API_PORT)),
      KUBERNETES_PORT: `tcp://${addresses.host}:${ports.actual(API_PORT)}`,
      ...(isolation.kind === 'processes' || ports.differ
        ? nameEnvironment(store, ports, names.proxyUrl)
        : {}),
      ...ports.environment(),
    }),
  })
  const context: ApiContext = {
    store,
    now,
    nodes: kubelet,
    identify: (token) => tokens.identify(token),
    issueToken: (namespace, account) => tokens.serviceAccount(namespace, account),
    allocateClusterIp: () => addresses.takeService(),
    log,
  }
  return { store, events, tokens, isolation, kubelet, context, names }
}

function findPrometheus(): string | null {
  return ['/usr/bin/prometheus', '/usr/local/bin/prometheus'].find((file) => existsSync(file)) ?? null
}

/** The files that every pod gets from its node: its hosts file, kept up to date, and its token. */
class PodFiles {
  #store: Store
  #dir: string
  #tokens: Tokens
  #certificate: string

  constructor(store: Store, dataDir: string, tokens: Tokens, certificate: string) {
    this.#store = store
    this.#dir = path.join(dataDir, 'pods')
    this.#tokens = tokens
    this.#certificate = certificate
    store.subscribe((change) => {
      if (change.resource !== 'services') return
      for (const pod of store.list('pods')) if (existsSync(this.#hostsPath(pod))) this.hosts(pod)
    })
  }

  hosts(pod: Pod): string {
    const file = this.#hostsPath(pod)
    const text = hostsText(this.#store, {
      name: nameOf(pod),
      ip: pod.status?.podIP ?? '',
      namespace: namespaceOf(pod),
    })
    // written in place: containers have this very file mounted
    writeFileSync(file, text)
    return file
  }

  token(pod: Pod): string {
    const dir = path.join(this.#dir, pod.metadata?.uid ?? '', 'token')
    if (existsSync(dir)) return dir
    mkdirSync(dir, { recursive: true })
    const account = pod.spec?.serviceAccountName ?? 'default'
    writeFileSync(path.join(dir, 'token'), this.#tokens.serviceAccount(namespaceOf(pod), account))
    writeFileSync(path.join(dir, 'ca.crt'), this.#certificate)
    writeFileSync(path.join(dir, 'namespace'), namespaceOf(pod))
    return dir
  }

  #hostsPath(pod: Pod): string {
    return path.join(this.#dir, pod.metadata?.uid ?? '', 'hosts')
  }
}

function createWorld(context: ApiContext, addresses: AddressBlock, now: Date): void {
  for (const node of nodeObjects(addresses, now)) context.store.create('nodes', node)
  for (const name of ['default', 'kube-system']) createOne(context, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }) // prettier-ignore
  for (const object of readManifests()) createOne(context, asApplied(object))
}

function createOne(context: ApiContext, object: KubeObject): void {
  const [group, version] =
    object.apiVersion?.includes('/') === true ? object.apiVersion.split('/') : ['', object.apiVersion]
  const type = RESOURCES.find(
    (item) => item.group === group && item.version === version && item.kind === object.kind,
  )
  if (type === undefined) throw new AppError('internal', `the default world has an unknown kind ${object.kind ?? ''}`, { action: 'Report this.' }) // prettier-ignore
  createObject(context, type, object.metadata?.namespace, object, { dryRun: false })
}

function serviceUrl(store: Store, ports: Ports, name: string): string {
  const service = store.find('services', NAMESPACE, name)
  const port = service?.spec?.ports?.[0]?.port
  if (service?.spec?.clusterIP === undefined || port === undefined) {
    throw new AppError('not_found', `the sandbox has no service ${name}`, {
      action: 'See `kubectl get services`.',
    })
  }
  return `http://${service.spec.clusterIP}:${ports.actual(port)}`
}

function environmentFor(
  store: Store,
  ports: Ports,
  identity: Identity,
  kubeconfig: string,
  dataDir: string,
  proxyUrl: string,
): Record<string, string> {
  return {
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: path.join(dataDir, 'cache'),
    ...nameEnvironment(store, ports, proxyUrl),
    PGHOST: 'postgres',
    PGDATABASE: 'erlmcp',
    PGUSER: identity === 'observer' ? 'erlmcp_observer' : 'erlmcp',
    // an explicit `-U erlmcp` must not give an observer the right to write either
    ...(identity === 'observer' ? { PGOPTIONS: '-c default_transaction_read_only=on' } : {}),
  }
}

/** How programs find the names of the cluster without an entry in a hosts file. */
function nameEnvironment(store: Store, ports: Ports, proxyUrl: string): Record<string, string> {
  const database = store.find('services', NAMESPACE, 'postgres')
  return {
    http_proxy: proxyUrl,
    no_proxy: 'localhost,127.0.0.1',
    PGHOSTADDR: database?.spec?.clusterIP ?? '',
    PGPORT: String(ports.actual(database?.spec?.ports?.[0]?.port ?? 5432)),
  }
}

/** Where a client's host and port lead: names and addresses of the cluster to its own ports, all else as it is. */
function locate(store: Store, addresses: AddressBlock, ports: Ports, name: string, port: number) {
  const host = resolveName(store, name, NAMESPACE) ?? name
  return { host, port: addresses.has(host) ? ports.actual(port) : port }
}

async function untilReady(store: Store, cluster: SandboxCluster): Promise<void> {
  const waiting = (): string[] => {
    const short = store.list('deployments.apps').filter((item) => (item.status?.availableReplicas ?? 0) < (item.spec?.replicas ?? 1)) // prettier-ignore
    const pods = store.list('pods').filter((pod) => !isReady(pod))
    return [...short.map(nameOf), ...pods.map(nameOf)]
  }
  for (const end = Date.now() + READY_TIMEOUT_MS; waiting().length > 0; await delay(100)) {
    if (Date.now() < end) continue
    const names = waiting().join(', ')
    await cluster.stop()
    throw new AppError('timeout', `the sandbox did not come up: ${names} not ready`, { action: 'Start it again with a log.' }) // prettier-ignore
  }
}
