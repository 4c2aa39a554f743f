import type { GitSourceConfig } from '../../base/config-sources.ts'

export const FORGES = ['github', 'gitlab', 'gitea'] as const
export type Forge = (typeof FORGES)[number]

/** What a link needs to know of a source. */
export type ForgeSource = Pick<GitSourceConfig, 'url' | 'forge' | 'webUrl'>

/**
 * The address of a line of a page in the forge's own pages, at one commit. `null` where the forge is not known.
 * `path` counts from the root of the repository, `line` from 1.
 */
export function forgeLink(
  source: ForgeSource,
  commit: string,
  path: string,
  line: number | null,
): string | null {
  const base = webAddress(source)
  if (base === null || !/^[0-9a-f]{7,64}$/.test(commit)) return null
  const forge = source.forge ?? forgeOf(new URL(base).hostname)
  const file = path.split('/').map(encodeURIComponent).join('/')
  // a rendered page has no lines to point at
  const end = (query: string): string => (line === null ? '' : `${query}#L${line}`)
  if (forge === 'github') return `${base}/blob/${commit}/${file}${end('?plain=1')}`
  if (forge === 'gitlab') return `${base}/-/blob/${commit}/${file}${end('?plain=1')}`
  if (forge === 'gitea') return `${base}/src/commit/${commit}/${file}${end('?display=source')}`
  return null
}

/** Which forge a host is by its name; others are named in the configuration. */
export function forgeOf(host: string): Forge | null {
  const name = host.toLowerCase()
  if (name === 'github.com' || name.startsWith('github.')) return 'github'
  if (name === 'gitlab.com' || name.startsWith('gitlab.')) return 'gitlab'
  if (name === 'codeberg.org' || /^(?:gitea|forgejo)\./.test(name)) return 'gitea'
  return null
}

function webAddress({ url, webUrl }: ForgeSource): string | null {
  if (webUrl !== null) return webUrl.replace(/\/+$/, '').replace(/\.git$/, '')
  const scp = /^(?:[\w.-]+@)?([A-Za-z0-9][\w.-]*):(?!\/\/)(.+)$/.exec(url)
  const full = scp === null ? url : `ssh://${scp[1] ?? ''}/${scp[2] ?? ''}`
  const parsed = URL.canParse(full) ? new URL(full) : null
  if (parsed === null || parsed.hostname === '') return null
  if (!['https:', 'http:', 'ssh:', 'git:'].includes(parsed.protocol)) return null
  const web = parsed.protocol === 'https:' || parsed.protocol === 'http:'
  const origin = web ? `${parsed.protocol}//${parsed.host}` : `https://${parsed.hostname}`
  return `${origin}${parsed.pathname.replace(/\/+$/, '').replace(/\.git$/, '')}`
}
