import { useEffect, useState } from 'react'
import { get, Problem } from '../../api/client.ts'
import { stream } from '../../live/connection.ts'
import { Lines } from './lines.ts'

interface OutputAnswer {
  state: string
  chunks: { sequence: number; stream: string; text: string }[]
  next: number | null
}

interface Followed {
  lines: Lines
  /** Grows with the lines. */
  version: number
  /** Everything that is stored has been read. */
  complete: boolean
  problem: string | null
}

const PAGE_BYTES = 1_048_576
const RETRY_MS = 2_000

/**
 * Output of a command as far as it is stored; further chunks are read when the event stream says that there are some.
 * It reads as fast as it can show: a slow viewer falls behind, and asks for more at once.
 */
export function useOutput(execution: string): Followed {
  const [state, setState] = useState<Followed>(() => ({
    lines: new Lines(),
    version: 0,
    complete: false,
    problem: null,
  }))
  useEffect(() => {
    const stop = new AbortController()
    const lines = new Lines()
    let after = -1
    let reading = false
    let again = false
    const read = async (): Promise<void> => {
      again = true
      if (reading) return
      reading = true
      while (again && !stop.signal.aborted) {
        again = false
        try {
          const page = await get<OutputAnswer>(
            `/executions/${encodeURIComponent(execution)}/output?after=${after}&maxBytes=${PAGE_BYTES}`,
            stop.signal,
          )
          for (const chunk of page.chunks) {
            lines.append(chunk.text)
            after = chunk.sequence
          }
          again ||= page.next !== null
          const complete = page.next === null
          setState((before) => ({ lines, version: before.version + 1, complete, problem: null }))
        } catch (error) {
          if (stop.signal.aborted) return
          const problem = error instanceof Problem ? error.message : 'The output cannot be read.'
          setState((before) => ({ ...before, problem }))
          setTimeout(() => void read(), RETRY_MS)
        }
      }
      reading = false
    }
    void read()
    const leave = stream.onChange((changes) => {
      if (changes === 'reset' || changes.some((change) => change.subject === execution)) void read()
    })
    return () => {
      stop.abort()
      leave()
    }
  }, [execution])
  return state
}
