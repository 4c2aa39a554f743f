import { useId, useState } from 'react'
import type { ReactNode } from 'react'
import { post } from '../api/client.ts'
import type { Change, Option, Run, WantedInput } from '../api/model.ts'
import { useData } from '../live/data.ts'
import { useAct } from '../ui/act.ts'
import { Button, ProblemNotice, Waiting } from '../ui/controls.tsx'
import { useMay } from '../ui/may.ts'

const ofRuns = (change: Change): boolean => change.topic === 'run'

/** What an option wants to know before it can be approved: choices from what was read, or a value that is typed. */
export function MissingInputs({
  run,
  option,
  stale,
}: {
  run: Run
  option: Option
  stale: boolean
}): ReactNode {
  const mayGive = useMay('respond')
  const at = `/runs/${run.id}/inputs?option=${encodeURIComponent(option.id)}`
  const { value, problem } = useData<{ inputs: WantedInput[] }>(at, ofRuns)
  const wanted = value?.inputs.filter((input) => input.value === null) ?? []
  return (
    <div className="input-form" role="group" aria-label="Values that it needs">
      <p className="tone-amber">It needs {option.missingInputs.join(', ')} before it can be approved.</p>
      {value === null && problem === null ? <Waiting what="what it could be" /> : null}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {mayGive ? (
        wanted.map((input) => <InputRow key={input.name} run={run} input={input} stale={stale} />)
      ) : (
        <p className="quiet">A responder gives it.</p>
      )}
    </div>
  )
}

function InputRow({ run, input, stale }: { run: Run; input: WantedInput; stale: boolean }): ReactNode {
  const [typed, setTyped] = useState('')
  const { busy, problem, act } = useAct()
  const list = useId()
  return (
    <form
      className="input-row"
      onSubmit={(event) => {
        event.preventDefault()
        void act(
          () => post(`/runs/${run.id}/inputs`, { name: input.name, value: typed.trim() }),
          `${input.name} is ${typed.trim()}`,
        )
      }}
    >
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <label>
        <code>{input.name}</code>
        {input.description === null ? null : <span className="quiet"> {input.description}</span>}
        <input
          className="field mono"
          required
          maxLength={1_000}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          list={input.choices.length === 0 ? undefined : list}
          placeholder={input.choices.length === 0 ? undefined : `${input.choices.length} were found`}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      {input.choices.length === 0 ? null : (
        <datalist id={list}>
          {input.choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.from}
            </option>
          ))}
        </datalist>
      )}
      <Button type="submit" disabled={busy || stale || typed.trim() === ''}>
        Set {input.name}
      </Button>
    </form>
  )
}
