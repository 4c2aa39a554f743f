import path from 'node:path'

export interface Image {
  /** The image as it is named in messages. */
  reference: string
  /** What runs when the container names no command. */
  entrypoint: readonly string[]
  cmd: readonly string[]
  env: Record<string, string>
  /** Programs that refuse to run as root get a user without privileges. */
  unprivileged: boolean
  /** Variables that hold the pod's own address. */
  ownAddress: readonly string[]
}

export interface ImageSources {
  node: string
  workloadDir: string
  /** Where Node keeps compiled code, so that the next pod starts faster. */
  compileCache: string
  postgresBin: string | null
  /** Folder with a database cluster that is copied into an empty data folder. */
  postgresTemplate: string
  prometheus: string | null
}

/** Releases of the workload; 1.2.3 is the bad one. */
const RELEASES = ['1.2.0', '1.2.1', '1.2.2', '1.2.3', '1.2.4']
const SHELLS = ['busybox', 'alpine', 'debian', 'ubuntu', 'curl', 'bash', 'netshoot']

/** The catalogue. @returns null for an image that no registry has */
export function findImage(reference: string, sources: ImageSources): Image | null {
  const { name, tag } = parseReference(reference)
  const image = (entrypoint: string[], options: Partial<Image> = {}): Image => ({
    reference, entrypoint, cmd: [], env: {}, unprivileged: false, ownAddress: [], ...options }) // prettier-ignore
  // the sources in a checkout, compiled in a package
  const extension = path.extname(import.meta.filename)
  const program = (name: string): string[] => [
    sources.node,
    path.join(sources.workloadDir, `${name}${extension}`),
  ]
  switch (name) {
    case 'erlmcp':
      return RELEASES.includes(tag)
        ? image(program('main'), {
            env: { ERLMCP_VERSION: tag, NODE_COMPILE_CACHE: sources.compileCache },
          })
        : null
    case 'otel-collector':
      return image(program('collector'), { env: { NODE_COMPILE_CACHE: sources.compileCache } })
    case 'postgres':
      if (sources.postgresBin === null) return null
      return image(['sh', '-c', POSTGRES_ENTRYPOINT], {
        unprivileged: true,
        ownAddress: ['PGHOSTADDR'],
        env: {
          PATH: `${sources.postgresBin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
          POSTGRES_BIN: sources.postgresBin,
          POSTGRES_TEMPLATE: sources.postgresTemplate,
          PGDATA: '/var/lib/postgresql/data',
          PGUSER: 'erlmcp',
          PGDATABASE: 'erlmcp',
        },
      })
    case 'prometheus':
      if (sources.prometheus === null) return image(program('prometheus'), { env: { NODE_COMPILE_CACHE: sources.compileCache } })
      return image(['sh', '-c', `exec ${sources.prometheus} --config.file=\${ROOT_DIR:-}/prometheus/config/prometheus.yml --storage.tsdb.path=\${ROOT_DIR:-}/tmp/prometheus --web.listen-address=$POD_IP:\${SANDBOX_PORT_9090:-9090} --storage.tsdb.retention.time=6h`]) // prettier-ignore
    default:
      return SHELLS.includes(name) ? image([], { cmd: ['sh'] }) : null
  }
}

/** The same start as the official image: an empty data folder is filled, then the server takes over. */
const POSTGRES_ENTRYPOINT = `
data="\${ROOT_DIR:-}$PGDATA"; sockets="\${ROOT_DIR:-}/run/postgresql"
if [ ! -s "$data/PG_VERSION" ]; then
  echo "PostgreSQL: initialising an empty data folder"
  cp -r "$POSTGRES_TEMPLATE/." "$data/" && chmod 700 "$data"
fi
rm -f "$data/postmaster.pid"
exec "$POSTGRES_BIN/postgres" -D "$data" -c listen_addresses="$POD_IP" -c port="\${SANDBOX_PORT_5432:-5432}" -c unix_socket_directories="$sockets" -c max_connections=100 -c shared_buffers=16MB -c fsync=off -c logging_collector=off -c log_line_prefix='%m [%p] '
`

export function parseReference(reference: string): { name: string; tag: string } {
  const last = reference.split('@')[0]?.split('/').at(-1) ?? ''
  const [name = '', tag = 'latest'] = last.split(':')
  return { name, tag }
}
