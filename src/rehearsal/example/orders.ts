import { fork } from 'node:child_process'
import { appendFile, cp, mkdir, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { delay } from '../../base/clock.ts'
import { AppError } from '../../base/error.ts'

export const GOOD_RELEASE = '1.4.1'
export const BAD_RELEASE = '1.4.2'

export interface OrdersService {
  home: string
  url: string
  /** Deploys a release the way the team does: link, log, HUP. */
  deploy(release: string): Promise<void>
  stop(): Promise<void>
}

const started = z.object({ port: z.number().int(), pid: z.number().int() })
const START_TIMEOUT_MS = 15_000

/** Installs the shipped orders service into `home` and starts it on a free loopback port, with the good release. */
export async function startOrders(shippedDir: string, home: string): Promise<OrdersService> {
  await mkdir(home, { recursive: true })
  await cp(path.join(shippedDir, 'releases'), path.join(home, 'releases'), { recursive: true })
  for (const program of ['supervisor.mjs', 'service.mjs']) {
    await cp(path.join(shippedDir, program), path.join(home, program))
  }
  await link(home, GOOD_RELEASE)
  const supervisor = fork(path.join(home, 'supervisor.mjs'), [home, '0'], {
    // its own group: Ctrl-C in the terminal reaches erlmcp first, which stops it in order
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execPath: process.execPath,
    execArgv: [],
  })
  const first = Promise.withResolvers<{ port: number }>()
  supervisor.on('message', (message) => first.resolve(started.parse(message)))
  supervisor.on('exit', (code) =>
    first.reject(
      new AppError('internal', `the orders service of the example ended with ${code}`, {
        action: `Look into ${path.join(home, 'orders.log')}.`,
      }),
    ),
  )
  const timer = setTimeout(
    () =>
      first.reject(
        new AppError('timeout', 'the orders service of the example did not start', { action: 'Try again.' }),
      ),
    START_TIMEOUT_MS,
  )
  const { port } = await first.promise.finally(() => clearTimeout(timer))
  const gone = new Promise<void>((resolve) => supervisor.once('exit', () => resolve()))
  return {
    home,
    url: `http://127.0.0.1:${port}`,
    async deploy(release) {
      await link(home, release)
      await appendFile(
        path.join(home, 'deployments.log'),
        `${new Date().toISOString()} release ${release} deployed by the pipeline\n`,
      )
      supervisor.kill('SIGHUP')
    },
    async stop() {
      supervisor.kill('SIGTERM')
      await Promise.race([gone, delay(5_000)])
      supervisor.kill('SIGKILL')
    },
  }
}

async function link(home: string, release: string): Promise<void> {
  await rm(path.join(home, 'current'), { force: true, recursive: true })
  await symlink(path.join(home, 'releases', release), path.join(home, 'current'))
}
