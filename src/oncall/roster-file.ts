import { readFile, stat } from 'node:fs/promises'
import { messageOf } from '../base/error.ts'
import type { Logger } from '../base/log.ts'
import { EMPTY_ROSTER, readRoster } from './roster.ts'
import type { Roster } from './roster.ts'

export interface RosterState {
  roster: Roster
  file: string
  /** Whether there is a file; without one every link is told on the console. */
  found: boolean
  /** Why the newest text of the file does not hold; the last good one does. */
  problem: string | null
}

const LOOK_EVERY_MS = 2_000

/**
 * The file that says who is on call, read again when it changes. A text that is refused changes nothing: the last good one
 * holds until the file is mended.
 */
export function createRosterFile(file: string, log: Logger): { state(): Promise<RosterState> } {
  let state: RosterState = { roster: EMPTY_ROSTER, file, found: false, problem: null }
  let stamp = ''
  let lookedAt = Number.NEGATIVE_INFINITY
  const look = async (): Promise<void> => {
    const info = await stat(file).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    })
    const seen = info === null ? 'none' : `${info.mtimeMs} ${info.size} ${info.ino}`
    if (seen === stamp) return
    stamp = seen
    if (info === null) {
      if (state.found) log.warn({ file }, 'the on-call file is gone; what it said last holds')
      state = { ...state, problem: state.found ? `${file} is gone` : null }
      return
    }
    state = { roster: readRoster(await readFile(file, 'utf8'), file), file, found: true, problem: null }
  }
  return {
    async state() {
      if (performance.now() - lookedAt < LOOK_EVERY_MS) return state
      lookedAt = performance.now()
      try {
        await look()
      } catch (error) {
        state = { ...state, problem: messageOf(error) }
        log.error({ file, err: error }, 'the on-call file is refused; what it said before holds')
      }
      return state
    },
  }
}
