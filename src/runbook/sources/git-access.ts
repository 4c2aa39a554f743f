import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { GitSourceConfig } from '../../base/config-sources.ts'
import { AppError, messageOf } from '../../base/error.ts'
import { readGitUrl } from './git-url.ts'

/**
 * The environment with which git reaches a repository. Credentials stand in it, never in arguments, which every user
 * of the host can read. Files are read at each use, so that a new token needs no restart.
 * @throws AppError `input_invalid` for an address or a file that will not do
 */
export async function gitEnvironment(
  source: GitSourceConfig,
  folder: string,
): Promise<Record<string, string>> {
  const { url, protocol } = readGitUrl(source.url)
  const origin = protocol === 'https' || protocol === 'http' ? `${new URL(url).origin}/` : null
  const settings: [string, string][] = [['remote.origin.url', url]]
  if (source.tokenFile !== null) {
    if (origin === null) {
      throw new AppError('input_invalid', `source ${source.name}: a token is of no use for ${protocol}://`, {
        action: 'Take the https:// address, or a keyFile.',
      })
    }
    const token = await readSecret(source.tokenFile)
    const pair = token.includes(':') ? token : `x-access-token:${token}`
    settings.push(
      [`http.${origin}.extraHeader`, `Authorization: Basic ${Buffer.from(pair).toString('base64')}`],
      // the header would go wherever a redirect leads
      ['http.followRedirects', 'false'],
    )
  }
  if (source.caFile !== null) settings.push(['http.sslCAInfo', source.caFile])
  if (source.proxy !== null) settings.push(['http.proxy', source.proxy])
  return {
    HOME: folder,
    GIT_CEILING_DIRECTORIES: folder,
    GIT_ALLOW_PROTOCOL: protocol,
    ...(protocol === 'ssh' ? { GIT_SSH_COMMAND: sshCommand(source, folder), GIT_SSH_VARIANT: 'ssh' } : {}),
    ...configuration(settings),
  }
}

/** Settings as `GIT_CONFIG_KEY_0` and so on: the form that stands in no argument list and no file. */
export function configuration(settings: readonly (readonly [string, string])[]): Record<string, string> {
  const entries = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ])
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(entries) }
}

function sshCommand(source: GitSourceConfig, folder: string): string {
  const strict = source.knownHostsFile !== null
  const options = [
    'BatchMode=yes',
    'ConnectTimeout=15',
    'ServerAliveInterval=15',
    'ForwardAgent=no',
    'PermitLocalCommand=no',
    `StrictHostKeyChecking=${strict ? 'yes' : 'accept-new'}`,
    `UserKnownHostsFile=${option(source.knownHostsFile ?? path.join(folder, 'known_hosts'))}`,
  ]
  const words = ['ssh', ...options.flatMap((each) => ['-o', each])]
  if (source.keyFile !== null) {
    words.push('-F', '/dev/null', '-o', 'IdentitiesOnly=yes', '-o', `IdentityFile=${option(source.keyFile)}`)
  }
  return words.map(shellWord).join(' ')
}

/** ssh splits the values of its options at blanks and expands `%` in them. */
const option = (file: string): string => `"${file.replaceAll('%', '%%')}"`

/** git hands its ssh command to a shell. */
const shellWord = (word: string): string =>
  /^[A-Za-z0-9_./=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`

/** The one line of a file that holds a secret. @throws AppError `input_invalid` */
export async function readSecret(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new AppError('input_invalid', `the file with the secret cannot be read: ${messageOf(error)}`, {
      action: 'Put the file there, readable by erlmcp alone.',
      cause: error,
    })
  })
  const secret = text.trim()
  // oxlint-disable-next-line no-control-regex
  if (secret === '' || secret.length > 8_192 || /[\u0000-\u001f\u007f]/.test(secret)) {
    throw new AppError('input_invalid', `${file} does not hold one line with a secret`, {
      action: 'Write the secret alone into the file.',
    })
  }
  return secret
}
