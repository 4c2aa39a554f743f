import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'

type Tone = 'polite' | 'assertive'
let say: ((text: string, tone: Tone) => void) | null = null

/** Says a change of state to those who cannot see it. */
export function announce(text: string, tone: Tone = 'polite'): void {
  say?.(text, tone)
}

export function Announcer(): ReactNode {
  const [spoken, setSpoken] = useState<{ polite: string; assertive: string }>({ polite: '', assertive: '' })
  useEffect(() => {
    say = (text, tone) => {
      // the same words twice are said twice
      setSpoken((before) => ({ ...before, [tone]: before[tone] === text ? `${text}\u00a0` : text }))
    }
    return () => {
      say = null
    }
  }, [])
  return (
    <>
      <div className="only-heard" role="status" aria-live="polite">
        {spoken.polite}
      </div>
      <div className="only-heard" role="alert" aria-live="assertive">
        {spoken.assertive}
      </div>
    </>
  )
}
