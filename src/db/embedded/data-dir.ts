import path from 'node:path'

/**
 * Where the data lies: `ERLMCP_DATA_DIR`; as root /var/lib/erlmcp (a root home is closed to PostgreSQL's user); else
 * the user's data folder by the XDG rules, which ignore a relative one.
 */
export function defaultDataDir(
  env: Readonly<Record<string, string | undefined>>,
  uid: number | undefined,
): string {
  const own = env['ERLMCP_DATA_DIR']
  if (own !== undefined && own !== '') return path.resolve(own)
  if (uid === 0) return '/var/lib/erlmcp'
  const data = env['XDG_DATA_HOME'] ?? ''
  const home = path.isAbsolute(data) ? data : path.join(env['HOME'] ?? '.', '.local', 'share')
  return path.resolve(home, 'erlmcp')
}
