import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
}

export const git = (cwd: string, args: readonly string[], input?: string | Buffer): string =>
  execFileSync('git', [...args], {
    cwd,
    env: ENVIRONMENT,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
    ...(input === undefined ? { input: '' } : { input }),
  }).trim()

/** A bare repository that the test pushes to from a work tree beside it. */
export interface TestRepository {
  root: string
  bare: string
  url: string
  work: string
  write(file: string, content: string | Buffer): void
  link(file: string, target: string): void
  /** Commits everything and pushes. @returns the commit. */
  commit(message: string, options?: { force?: boolean; amend?: boolean }): string
  remove(): void
}

export function testRepository(branch = 'main'): TestRepository {
  const root = mkdtempSync(path.join(tmpdir(), 'erlmcp-git-'))
  const bare = path.join(root, 'origin.git')
  const work = path.join(root, 'work')
  git(root, ['init', '-q', '--bare', '-b', branch, bare])
  git(root, ['-C', bare, 'config', 'uploadpack.allowFilter', 'true'])
  git(root, ['init', '-q', '-b', branch, work])
  git(work, ['remote', 'add', 'origin', bare])
  return {
    root,
    bare,
    work,
    url: `file://${bare}`,
    write(file, content) {
      mkdirSync(path.dirname(path.join(work, file)), { recursive: true })
      writeFileSync(path.join(work, file), content)
    },
    link(file, target) {
      mkdirSync(path.dirname(path.join(work, file)), { recursive: true })
      symlinkSync(target, path.join(work, file))
    },
    commit(message, options = {}) {
      git(work, ['add', '-A'])
      git(work, [
        'commit',
        '-q',
        '--allow-empty',
        '-m',
        message,
        ...(options.amend === true ? ['--amend'] : []),
      ])
      git(work, [
        'push',
        '-q',
        ...(options.force === true ? ['--force'] : []),
        'origin',
        `HEAD:refs/heads/${branch}`,
      ])
      return git(work, ['rev-parse', 'HEAD'])
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

/**
 * Serves the repositories below `root` over smart HTTP by git's own CGI program, to whoever sends `authorization`.
 * `old`: as a server that speaks only the first version of the protocol.
 */
export async function serveGit(
  root: string,
  authorization: string | null,
  old = false,
): Promise<{ url: string; requests: string[]; close(): Promise<void> }> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (authorization !== null && request.headers.authorization !== authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return
    }
    const address = new URL(request.url ?? '/', 'http://localhost')
    const child = spawn('git', ['http-backend'], {
      env: {
        ...ENVIRONMENT,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: address.pathname,
        QUERY_STRING: address.search.slice(1),
        REQUEST_METHOD: request.method ?? 'GET',
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: old ? '' : String(request.headers['git-protocol'] ?? ''),
      },
    })
    request.pipe(child.stdin)
    child.stdin.on('error', () => undefined)
    let head = Buffer.alloc(0)
    let headed = false
    child.stdout.on('data', (part: Buffer) => {
      if (headed) {
        response.write(part)
        return
      }
      head = Buffer.concat([head, part])
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      headed = true
      let status = 200
      for (const line of head.toString('latin1', 0, end).split('\r\n')) {
        const [name = '', value = ''] = line.split(': ')
        if (name === 'Status') status = Number.parseInt(value, 10)
        else response.setHeader(name, value)
      }
      response.writeHead(status)
      response.write(head.subarray(end + 4))
    })
    child.stdout.on('end', () => response.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
