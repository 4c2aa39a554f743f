import { CircleX, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Finding } from '../api/pages.ts'
import { seen } from '../ui/command.tsx'

const LOOKS = {
  error: { icon: CircleX, tone: 'red' },
  warning: { icon: TriangleAlert, tone: 'amber' },
  info: { icon: Info, tone: 'quiet' },
} as const

/** What lint says of the lines from `from` up to `to`: below the block they stand in. */
export function findingNotes(findings: readonly Finding[], from: number, to: number): ReactNode {
  const own = findings.filter((finding) => finding.line >= from && finding.line < to)
  if (own.length === 0) return null
  return (
    <ul className="finding-notes">
      {own.map((finding, index) => (
        <FindingItem key={index} finding={finding} />
      ))}
    </ul>
  )
}

function FindingItem({ finding }: { finding: Finding }): ReactNode {
  const { icon: Icon, tone } = LOOKS[finding.severity] ?? LOOKS.info
  return (
    <li className={`finding finding-${finding.severity}`} id={`finding-${finding.line}-${finding.rule}`}>
      <Icon size={14} aria-hidden className={`tone-${tone}`} />
      <span>
        <span className={`tone-${tone}`}>
          line {finding.line}, {finding.severity}:
        </span>{' '}
        {seen(finding.message)}. <span className="quiet">{seen(finding.remedy)}</span>{' '}
        <code className="quiet">{finding.rule}</code>
      </span>
    </li>
  )
}

/** How much there is, and the way to each. */
export function FindingList({ findings }: { findings: readonly Finding[] }): ReactNode {
  return (
    <section aria-labelledby="lint">
      <h2 id="lint">Lint</h2>
      {findings.length === 0 ? (
        <p className="tone-green">Nothing would go wrong here.</p>
      ) : (
        <ul className="finding-index">
          {findings.slice(0, 60).map((finding, index) => {
            const { icon: Icon, tone } = LOOKS[finding.severity] ?? LOOKS.info
            return (
              <li key={index}>
                <a href={`#finding-${finding.line}-${finding.rule}`}>
                  <Icon size={14} aria-label={finding.severity} className={`tone-${tone}`} /> line{' '}
                  {finding.line}: {finding.rule}
                </a>
              </li>
            )
          })}
        </ul>
      )}
    </section>
  )
}
