import { CircleCheck, CircleX, Send } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { post } from '../api/client.ts'
import { useData } from '../live/data.ts'
import { useAct } from '../ui/act.ts'
import { seen } from '../ui/command.tsx'
import { Button, ProblemNotice, Waiting } from '../ui/controls.tsx'
import { never, useMay } from '../ui/may.ts'
import { Ago } from '../ui/time.tsx'
import type { Integrations, Tested } from './model.ts'

/** The ways to reach people, how they do, and a test message for each. */
export function IntegrationsPanel(): ReactNode {
  const { value, problem } = useData<Integrations>('/integrations', never)
  if (value === null)
    return problem === null ? <Waiting what="the integrations" /> : <ProblemNotice problem={problem} />
  return (
    <section aria-label="Integrations">
      {value.channels.length === 0 ? (
        <p className="empty">
          No way to reach people is configured. Add one under <code>channels:</code> in the configuration.
        </p>
      ) : (
        <ul className="rows integrations">
          {value.channels.map((channel) => (
            <ChannelRow
              key={channel.name}
              channel={channel}
              destinations={value.destinations.filter((each) => each.channel === channel.name)}
            />
          ))}
        </ul>
      )}
    </section>
  )
}

function ChannelRow({
  channel,
  destinations,
}: {
  channel: Integrations['channels'][number]
  destinations: Integrations['destinations']
}): ReactNode {
  const may = useMay('lead')
  const [target, setTarget] = useState('')
  const [tested, setTested] = useState<Tested | null>(null)
  const { busy, problem, act } = useAct()
  const test = (): Promise<boolean> =>
    act(async () => {
      setTested(
        await post<Tested>(
          `/integrations/${channel.name}/test`,
          target.trim() === '' ? {} : { target: target.trim() },
        ),
      )
    }, `${channel.name} was tried`)
  return (
    <li>
      <h3>{channel.name}</h3>
      <p className="quiet">
        {channel.waiting === 0 ? 'Nothing waits to be sent.' : `${channel.waiting} messages wait to be sent.`}
      </p>
      {destinations.map((each) => (
        <p key={each.target} className={each.failingSince === null ? 'quiet' : 'tone-red'}>
          {each.target === '' ? 'itself' : seen(each.target)}:{' '}
          {each.failingSince === null ? (
            each.sentAt === null ? (
              'nothing sent yet'
            ) : (
              <>
                last sent <Ago at={each.sentAt} />
              </>
            )
          ) : (
            <>
              failing since <Ago at={each.failingSince} />, {seen(each.error ?? '')}
            </>
          )}
        </p>
      ))}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {tested === null ? null : (
        <ul className="tested" role="status">
          {tested.findings.map((finding) => (
            <li key={finding.what} className={finding.ok ? 'tone-green' : 'tone-red'}>
              {finding.ok ? <CircleCheck size={14} aria-hidden /> : <CircleX size={14} aria-hidden />}
              <span>
                {finding.what}: {seen(finding.said)}
              </span>
            </li>
          ))}
        </ul>
      )}
      {may ? (
        <form
          className="filters"
          onSubmit={(event) => {
            event.preventDefault()
            void test()
          }}
        >
          <label>
            Where the test goes
            <input
              className="field"
              placeholder="a channel, an address"
              maxLength={300}
              value={target}
              onChange={(event) => setTarget(event.target.value)}
            />
          </label>
          <div className="button-row">
            <Button type="submit" disabled={busy}>
              <Send size={14} aria-hidden /> {busy ? 'Trying…' : `Test ${channel.name}`}
            </Button>
          </div>
        </form>
      ) : null}
    </li>
  )
}
