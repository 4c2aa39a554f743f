import { CircleCheck, CircleDashed, CircleX, Clock, FilePen } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ProofStatus } from '../api/pages.ts'
import type { Tone } from '../shell/title.ts'

const LOOKS: Record<ProofStatus['state'], { tone: Tone; icon: LucideIcon; word: string }> = {
  proved: { tone: 'green', icon: CircleCheck, word: 'proved' },
  stale: { tone: 'amber', icon: Clock, word: 'stale' },
  changed: { tone: 'amber', icon: FilePen, word: 'changed since' },
  failed: { tone: 'red', icon: CircleX, word: 'failed' },
  never: { tone: 'quiet', icon: CircleDashed, word: 'never rehearsed' },
}

export function ProofChip({ proof }: { proof: ProofStatus | null }): ReactNode {
  if (proof === null) return <span className="quiet">not rehearsed</span>
  const { tone, icon: Icon, word } = LOOKS[proof.state] ?? LOOKS.never
  return (
    <span className={`chip tone-${tone}`} title={proof.text}>
      <Icon size={14} aria-hidden />
      {word}
    </span>
  )
}
