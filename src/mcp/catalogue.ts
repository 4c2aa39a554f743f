import { z } from 'zod'
import { OPERATIONS, planInputs } from '../operations/index.ts'
import type { McpDeps } from './deps.ts'
import { prompts } from './prompts.ts'
import { createResources } from './resources.ts'
import type { Registry } from './registry.ts'
import { readLog, logInput, logOutput } from './run-log.ts'
import { waitForRun, waitInput, waitOutput } from './run-wait.ts'
import { runTasks } from './run-tasks.ts'
import { createSkills } from './skills.ts'
import { buildTool, present } from './tools.ts'
import type { ToolSpec } from './tools.ts'

const page = (path: unknown): string => `erlmcp://runbooks/${encodeURIComponent(String(path))}`
const incidentUri = (id: unknown): string => `erlmcp://incidents/${encodeURIComponent(String(id))}`
const runUri = (id: unknown): string => `erlmcp://runs/${encodeURIComponent(String(id))}`

const keyInput = z
  .string()
  .regex(/^[\x21-\x7e]{8,200}$/, '8 to 200 visible ASCII characters')
  .describe('of your choice; the same key with the same input does it once')

/** Every tool there is. What is missing here on purpose: a shell, a fetch, and whatever decides. */
export const TOOLS: readonly ToolSpec[] = [
  {
    tool: 'runbook_list',
    operation: 'page.list',
    title: 'List runbooks',
    say: 'Each has alerts, procedures and their proofs.',
  },
  {
    tool: 'runbook_get',
    operation: 'page.show',
    title: 'Read a runbook',
    say: 'The start of the text; the whole of it is the linked resource.',
    links: ({ path }) => [{ uri: page(path), name: String(path) }],
  },
  {
    tool: 'incident_list',
    operation: 'incident.list',
    title: 'List incidents',
    say: 'state=active: all that are not over.',
  },
  {
    tool: 'incident_get',
    operation: 'incident.show',
    title: 'Look at an incident',
    say: 'Its runs have what waits for a person.',
    links: ({ name }) => [{ uri: incidentUri(name), name: `${String(name)} as JSON` }],
  },
  {
    tool: 'incident_signal',
    operation: 'incident.signal',
    title: 'See the signal of an incident',
    say: 'Samples against the threshold, and what was done meanwhile.',
  },
  {
    tool: 'incident_review',
    operation: 'review.show',
    title: 'Read the review of an incident',
    say: 'It exists once the incident is resolved.',
  },
  {
    tool: 'attention',
    operation: 'desk.show',
    title: 'What waits for a person',
    say: 'Open questions and open incidents. You cannot answer them; a person does, in the page or the terminal.',
  },
  {
    tool: 'oncall_who',
    operation: 'oncall.who',
    title: 'Who is on call',
    say: 'Tell them what you found; erlmcp pages them by itself.',
  },
  { tool: 'run_list', operation: 'run.list', title: 'List runs', say: 'By incident, newest first.' },
  {
    tool: 'run_get',
    operation: 'run.show',
    title: 'Look at a run',
    say: 'Exact commands of each option with risk, gate and hash; `waitsFor` is what a person has to decide.',
    links: ({ id }) => [{ uri: runUri(id), name: 'the run as JSON' }],
  },
  {
    tool: 'run_wait',
    operation: 'run.show',
    title: 'Wait for a run',
    say: 'Answers when the run changes, needs a person or ends, at the latest after `timeout_s`; call it again then. `attention` has the link where a person decides.',
    input: waitInput,
    output: waitOutput,
    task: ({ id, until }) => (until === 'end' ? String(id) : null),
    run: waitForRun,
  },
  {
    tool: 'run_log_read',
    operation: 'run.output',
    title: 'Read output of a command',
    say: 'Head and tail by default; `match` gives only lines with that text. `execution` stands under `executions` of run_get.',
    input: logInput,
    output: logOutput,
    run: readLog,
  },
  {
    tool: 'run_plan',
    operation: 'run.plan',
    title: 'Plan a run',
    say: 'Show the commands to the person you work for. gate=approve: a person has to approve it in erlmcp; gate=person: a person does it by hand.',
    input: z.strictObject({ ...OPERATIONS['run.plan'].input.shape, inputs: planInputs.default({}) }),
  },
  {
    tool: 'run_start',
    operation: 'run.start',
    title: 'Start a planned run',
    say: 'Starts exactly the plan with this hash, once. It opens an incident, runs what only reads, and parks at what needs a person. Then call incident_get for the run and run_wait.',
    touches: true,
    input: z.strictObject({
      plan_hash: OPERATIONS['run.start'].input.shape.planHash,
      reason: OPERATIONS['run.start'].input.shape.reason,
      idempotency_key: keyInput,
    }),
    run: (call, { plan_hash, reason }) => call('run.start', { planHash: plan_hash, reason }),
  },
  {
    tool: 'incident_open',
    operation: 'incident.open',
    title: 'Open an incident',
    say: 'It asks whoever is on call. Look at incident_list first: an alert may have opened it.',
  },
  {
    tool: 'run_propose',
    operation: 'run.propose',
    title: 'Propose an option',
    say: 'A person then approves it or not; nothing runs by this. Say in `reason` what evidence speaks for it.',
  },
  {
    tool: 'incident_note',
    operation: 'incident.note',
    title: 'Write a note',
    say: 'It stands in the timeline under your name; everybody reads it.',
  },
]

/** All that is offered, built once. */
export function createRegistry(deps: McpDeps): Registry {
  const tasks = deps.tasks ? runTasks(deps, (answer) => present(answer, {})) : undefined
  const skills = deps.skills ? createSkills(deps) : undefined
  const resources = createResources(deps)
  return {
    tools: new Map(TOOLS.map((spec) => [spec.tool, buildTool(deps, spec, tasks)])),
    prompts,
    ...(tasks === undefined ? {} : { tasks }),
    ...(skills === undefined ? {} : { skills }),
    templates: resources.templates,
    resources: async (caller) => [
      ...(await resources.resources(caller)),
      ...((await skills?.resources(caller)) ?? []),
    ],
    read: async (caller, uri) =>
      (await resources.read(caller, uri)) ?? (await skills?.read(caller, uri)) ?? null,
  }
}
