import { useState } from 'react'
import { Problem } from '../api/client.ts'
import { refresh } from '../live/data.ts'
import { announce } from '../shell/announce.tsx'

/** One thing that a button does: busy while it is sent, what was refused, and what is said when it is done. */
export function useAct(): {
  busy: boolean
  problem: Problem | null
  clear(): void
  /** @returns whether it was done. */
  act(what: () => Promise<unknown>, done: string): Promise<boolean>
} {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const act = async (what: () => Promise<unknown>, done: string): Promise<boolean> => {
    setBusy(true)
    setProblem(null)
    try {
      await what()
      announce(done)
      refresh('/')
      return true
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, {}))
      return false
    } finally {
      setBusy(false)
    }
  }
  return { busy, problem, clear: () => setProblem(null), act }
}
