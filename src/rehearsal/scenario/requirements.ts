import { z } from 'zod'
import { kubectl } from './kubectl.ts'

const OLDEST_MINOR = 27
const version = z.object({ clientVersion: z.object({ gitVersion: z.string() }) })

/** What the sandbox cannot do without, and how to get it; `null` when all is there. */
export interface Missing {
  what: string
  remedy: string
}

/** `path` is where kubectl is looked for. */
export async function missingForSandbox(platform: NodeJS.Platform, path: string): Promise<Missing | null> {
  if (platform !== 'linux') {
    return {
      what: `the sandbox cluster runs on Linux only, not on ${platform}`,
      remedy: 'Start it in a container or virtual machine with Linux.',
    }
  }
  const answer = await kubectl(['version', '--client', '-o', 'json'], { PATH: path }).catch(() => null)
  if (answer === null) return { what: 'kubectl is not on PATH', remedy: HOW_TO_GET }
  const found = version.safeParse(jsonOf(answer.out))
  const text = found.success ? found.data.clientVersion.gitVersion : answer.err.trim().slice(0, 200)
  const [, major = 0, minor = 0] = (/^v(\d+)\.(\d+)/.exec(text) ?? []).map(Number)
  if (major === 1 && minor >= OLDEST_MINOR) return null
  return {
    what: `kubectl is ${text || 'of no known version'}; 1.${OLDEST_MINOR} or newer is needed`,
    remedy: HOW_TO_GET,
  }
}

const HOW_TO_GET =
  'Get it from https://kubernetes.io/docs/tasks/tools/: one file, put into a folder of PATH (the packages of Debian are too old).'

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
