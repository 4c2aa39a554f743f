import { useState } from 'react'
import type { ReactNode } from 'react'
import { get } from '../api/client.ts'
import { useData } from '../live/data.ts'
import { useAct } from '../ui/act.ts'
import { RiskChip } from '../ui/chips.tsx'
import type { Risk } from '../api/model.ts'
import { Button, ProblemNotice, Waiting } from '../ui/controls.tsx'
import { never } from '../ui/may.ts'

interface Rule {
  role: string
  approvals: number
  selfApproval: 'never' | 'p1' | 'always'
  proposal: 'page' | 'person'
  expiresAfterSeconds?: number
}

interface Policy {
  policy: {
    risks: { change: Rule; destructive: Rule }
    fences: { contexts?: string[]; namespaces?: string[]; hosts?: string[] }
    quiet: { name: string; from: string; to: string; timezone: string; risks: string[]; except: string[] }[]
    breakGlass: { role: string; reasonCharacters: number } | null
  }
  source: string | null
  hash: string
}

const SELF: Record<Rule['selfApproval'], string> = {
  never: 'never by whoever proposed it',
  p1: 'in P1 also by whoever proposed it',
  always: 'also by whoever proposed it',
}

/** What holds, in words. It is a file in git: it is changed there, and checked before it holds. */
export function PolicyPanel(): ReactNode {
  const { value, problem } = useData<Policy>('/policy', never)
  if (value === null)
    return problem === null ? <Waiting what="the policy" /> : <ProblemNotice problem={problem} />
  const { risks, fences, quiet, breakGlass } = value.policy
  return (
    <>
      <section aria-label="Policy">
        <p className="quiet">
          {value.source === null ? (
            <>
              The defaults hold. Name a file under <code>access.policy</code> to change them.
            </>
          ) : (
            <>
              From <code>{value.source}</code>, <code>{value.hash.slice(0, 12)}</code>. It is changed in that
              file; <code>erlmcp policy check</code> tries it first.
            </>
          )}
        </p>
        <dl className="facts">
          <div>
            <dt>
              <RiskChip risk="read" />
            </dt>
            <dd>runs by itself, with the identity that cannot write</dd>
          </div>
          <RuleRow risk="change" rule={risks.change} />
          <RuleRow risk="destructive" rule={risks.destructive} />
          <div>
            <dt>Fences</dt>
            <dd>{fencesText(fences)}</dd>
          </div>
          <div>
            <dt>Quiet times</dt>
            <dd>
              {quiet.length === 0
                ? 'none'
                : quiet.map((each) => (
                    <span key={each.name} className="reason">
                      {each.name}: {each.from} to {each.to} {each.timezone}, for {each.risks.join(' and ')}
                      {each.except.length === 0 ? '' : `, except ${each.except.join(', ')}`}
                    </span>
                  ))}
            </dd>
          </div>
          <div>
            <dt>Break-glass</dt>
            <dd>
              {breakGlass === null
                ? 'there is none'
                : `a ${breakGlass.role} or above, with a reason of ${breakGlass.reasonCharacters} characters; all leads are told, and a review is owed`}
            </dd>
          </div>
        </dl>
      </section>
      <Explain />
    </>
  )
}

function RuleRow({ risk, rule }: { risk: Risk; rule: Rule }): ReactNode {
  return (
    <div>
      <dt>
        <RiskChip risk={risk} />
      </dt>
      <dd>
        {rule.approvals === 1 ? `a ${rule.role} or above` : `${rule.approvals} people, ${rule.role} or above`}
        , {SELF[rule.selfApproval]}
        {rule.proposal === 'person' ? '; a person has to propose it first' : ''}
        {rule.expiresAfterSeconds === undefined
          ? ''
          : `; void after ${Math.round(rule.expiresAfterSeconds / 60)} min`}
      </dd>
    </div>
  )
}

function fencesText(fences: Policy['policy']['fences']): string {
  const parts = Object.entries(fences).map(([name, allowed]) => `${name}: ${allowed.join(', ') || 'none'}`)
  return parts.length === 0 ? 'none: everywhere that is configured' : parts.join('; ')
}

interface Explained {
  risk: Risk
  because: string[]
  as: { id: string; role: string }
  mayApprove: boolean
  runsByItself: boolean
  reason: string
}

function Explain(): ReactNode {
  const [command, setCommand] = useState('')
  const [severity, setSeverity] = useState('P3')
  const [as, setAs] = useState('')
  const [found, setFound] = useState<Explained | null>(null)
  const { busy, problem, act } = useAct()
  const ask = (): Promise<boolean> =>
    act(async () => {
      const query = new URLSearchParams({ command, severity, ...(as.trim() === '' ? {} : { as: as.trim() }) })
      setFound(await get<Explained>(`/policy/explain?${query}`))
    }, 'The answer is shown')
  return (
    <section aria-labelledby="explain" className="page-section">
      <h2 id="explain">What would hold for a command</h2>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void ask()
        }}
      >
        <label>
          Command
          <input
            className="field mono"
            required
            spellCheck={false}
            autoCapitalize="none"
            placeholder="kubectl delete pod web-1"
            value={command}
            onChange={(event) => setCommand(event.target.value)}
          />
        </label>
        <div className="filters">
          <label>
            Severity
            <select className="field" value={severity} onChange={(event) => setSeverity(event.target.value)}>
              {['P1', 'P2', 'P3', 'P4'].map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <label>
            As
            <input
              className="field"
              placeholder="yourself"
              value={as}
              onChange={(event) => setAs(event.target.value)}
            />
          </label>
          <div className="button-row">
            <Button type="submit" disabled={busy || command.trim() === ''}>
              Explain
            </Button>
          </div>
        </div>
      </form>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {found === null ? null : (
        <div className="notice" role="status">
          <p className="facts-line">
            <RiskChip risk={found.risk} />
            <span>{found.because.join('; ')}</span>
          </p>
          <p>
            {found.runsByItself
              ? 'It runs by itself: '
              : `${found.as.id} ${found.mayApprove ? 'may' : 'may not'} approve it: `}
            {found.reason}.
          </p>
        </div>
      )}
    </section>
  )
}
