import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleDot,
  CirclePause,
  CircleX,
  Eye,
  HelpCircle,
  LoaderCircle,
  PencilLine,
  SkipForward,
  TriangleAlert,
} from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ExecutionState, IncidentState, Risk, RunState, Severity } from '../api/model.ts'
import type { Tone } from '../shell/title.ts'

interface Look {
  tone: Tone
  icon: LucideIcon
  word: string
}

/** Colour, icon and word: never colour alone. */
function Chip({ look, solid = false, title }: { look: Look; solid?: boolean; title?: string }): ReactNode {
  const { icon: Icon, tone, word } = look
  return (
    <span className={`chip tone-${tone} ${solid ? 'chip-solid' : ''}`} title={title}>
      <Icon size={14} aria-hidden />
      {word}
    </span>
  )
}

const SEVERITIES: Record<Severity, string> = { P1: 'critical', P2: 'high', P3: 'medium', P4: 'low' }

export function SeverityChip({ severity }: { severity: Severity }): ReactNode {
  const name = SEVERITIES[severity] ?? 'unknown'
  return (
    <span
      className={`severity severity-${severity}`}
      title={`${severity}, ${name}`}
      aria-label={`${severity}, ${name}`}
    >
      {severity}
    </span>
  )
}

const INCIDENT: Record<IncidentState, Look> = {
  open: { tone: 'red', icon: CircleAlert, word: 'open' },
  acknowledged: { tone: 'amber', icon: Eye, word: 'acknowledged' },
  mitigating: { tone: 'blue', icon: CircleDot, word: 'mitigating' },
  monitoring: { tone: 'blue', icon: CircleDashed, word: 'monitoring' },
  resolved: { tone: 'green', icon: CircleCheck, word: 'resolved' },
  closed: { tone: 'quiet', icon: CircleCheck, word: 'closed' },
}

export const incidentTone = (state: IncidentState): Tone => INCIDENT[state]?.tone ?? 'quiet'

export const IncidentChip = ({ state }: { state: IncidentState }): ReactNode => (
  <Chip look={INCIDENT[state] ?? { tone: 'quiet', icon: HelpCircle, word: state }} />
)

const RUN: Record<RunState, Look> = {
  diagnosing: { tone: 'blue', icon: LoaderCircle, word: 'diagnosing' },
  'awaiting-decision': { tone: 'amber', icon: CirclePause, word: 'waits for a decision' },
  executing: { tone: 'blue', icon: LoaderCircle, word: 'running' },
  verifying: { tone: 'blue', icon: CircleDashed, word: 'measuring' },
  'awaiting-person': { tone: 'amber', icon: CirclePause, word: 'waits for a person' },
  succeeded: { tone: 'green', icon: CircleCheck, word: 'succeeded' },
  failed: { tone: 'red', icon: CircleX, word: 'failed' },
  cancelled: { tone: 'quiet', icon: CircleX, word: 'cancelled' },
}

export const RunChip = ({ state }: { state: RunState }): ReactNode => (
  <Chip look={RUN[state] ?? { tone: 'quiet', icon: HelpCircle, word: state }} />
)

const EXECUTION: Record<ExecutionState, Look> = {
  running: { tone: 'blue', icon: LoaderCircle, word: 'running' },
  done: { tone: 'green', icon: CircleCheck, word: 'ok' },
  failed: { tone: 'red', icon: CircleX, word: 'failed' },
  unknown: { tone: 'amber', icon: HelpCircle, word: 'unknown' },
  skipped: { tone: 'quiet', icon: SkipForward, word: 'skipped' },
}

export function ExecutionMark({ state, word = true }: { state: ExecutionState; word?: boolean }): ReactNode {
  const { icon: Icon, tone, word: text } = EXECUTION[state] ?? EXECUTION.unknown
  return (
    <span className={`mark tone-${tone} ${state === 'running' ? 'is-running' : ''}`} title={text}>
      <Icon size={16} aria-hidden />
      {word ? text : <span className="only-heard">{text}</span>}
    </span>
  )
}

const RISKS: Record<Risk, Look> = {
  read: { tone: 'quiet', icon: Eye, word: 'only reads' },
  change: { tone: 'amber', icon: PencilLine, word: 'change' },
  destructive: { tone: 'red', icon: TriangleAlert, word: 'destructive' },
}

export const RiskChip = ({ risk, why }: { risk: Risk; why?: string }): ReactNode => (
  <Chip look={RISKS[risk] ?? RISKS.destructive} {...(why === undefined ? {} : { title: why })} />
)
