import { AppError } from '../../base/error.ts'

export const GIT_PROTOCOLS = ['https', 'http', 'ssh', 'git', 'file'] as const
export type GitProtocol = (typeof GIT_PROTOCOLS)[number]

export interface GitUrl {
  /** As git gets it. */
  url: string
  protocol: GitProtocol
  /** Empty for `file`. */
  host: string
}

const SCP = /^([A-Za-z0-9._-]+@)?([A-Za-z0-9][A-Za-z0-9.-]*):(?!\/\/)([^\s:]+)$/

/**
 * An address that git may be given: no transport that runs a program, nothing git or ssh could take for an option, no
 * credentials in it. `git@host:team/repository.git` becomes `ssh://git@host/team/repository.git`.
 * @throws AppError `input_invalid`
 */
export function readGitUrl(text: string): GitUrl {
  const scp = /^[a-z]+:\/\//.test(text) ? null : SCP.exec(text)
  const full =
    scp === null ? text : `ssh://${scp[1] ?? ''}${scp[2] ?? ''}/${(scp[3] ?? '').replace(/^\//, '')}`
  const protocol = GIT_PROTOCOLS.find((each) => full.startsWith(`${each}://`))
  // oxlint-disable-next-line no-control-regex
  if (protocol === undefined || /[\u0000-\u0020\u007f\\]/.test(full)) {
    throw refused(text, 'it is none of https://, ssh://, git@host:path, git:// and file://')
  }
  const parsed = URL.canParse(full) ? new URL(full) : null
  if (parsed === null) throw refused(text, 'it is not an address')
  if (parsed.search !== '' || parsed.hash !== '') throw refused(text, 'it has a query or an anchor')
  if (protocol === 'file') {
    if (parsed.hostname !== '') throw refused(text, 'a file:// address begins with three slashes')
    return { url: full, protocol, host: '' }
  }
  const host = parsed.hostname
  if (!/^(?:[A-Za-z0-9]|\[)/.test(host)) throw refused(text, 'its host is missing or begins with a hyphen')
  if (parsed.password !== '' || (parsed.username !== '' && protocol !== 'ssh')) {
    throw refused(text.replace(/\/\/[^/]*@/, '//…@'), 'it holds credentials; put them into tokenFile')
  }
  if (parsed.username !== '' && !/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(parsed.username)) {
    throw refused(text, 'its user name is not one')
  }
  if (protocol === 'http' && !/^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(host)) {
    throw refused(text, 'http:// can be read and changed on its way; only this machine is reached by it')
  }
  return { url: full, protocol, host }
}

const refused = (text: string, why: string): AppError =>
  new AppError(
    'input_invalid',
    `${JSON.stringify(text.slice(0, 200))} is no address of a repository: ${why}`,
    {
      action: 'Mend `url` of the source in the configuration.',
    },
  )
