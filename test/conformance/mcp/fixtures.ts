import { createHmac, randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { CLIENT_CAPABILITIES_META_KEY, ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server'
import type {
  CallToolResult,
  GetPromptResult,
  InputRequiredResult,
  InputRequests,
  Prompt,
  ReadResourceResult,
  Tool,
} from '@modelcontextprotocol/server'
import type { CallContext, RegisteredPrompt, RegisteredTool, Registry } from '../../../src/mcp/index.ts'
import { TASK_TOOLS, taskFixtures } from './task-fixtures.ts'

/** What the official suite expects of a server under test, added to everything that erlmcp offers itself. */
export function withFixtures(registry: Registry): Registry {
  return {
    ...registry,
    tools: new Map([...registry.tools, ...TOOLS, ...TASK_TOOLS]),
    tasks: taskFixtures,
    prompts: new Map([...registry.prompts, ...PROMPTS]),
    templates: [
      ...registry.templates,
      { name: 'test-template', uriTemplate: 'test://template/{id}/data', mimeType: 'application/json' },
    ],
    resources: async (caller) => [
      ...(await registry.resources(caller)),
      { uri: 'test://static-text', name: 'static text', mimeType: 'text/plain' },
      { uri: 'test://static-binary', name: 'static binary', mimeType: 'image/png' },
      { uri: 'test://watched-resource', name: 'watched', mimeType: 'text/plain' },
    ],
    read: async (caller, uri) => readFixture(uri) ?? registry.read(caller, uri),
    beyond: {
      capabilities: { logging: {}, resources: { subscribe: true } },
      register(server) {
        server.setRequestHandler('logging/setLevel', () => ({}))
        server.setRequestHandler('resources/subscribe', () => ({}))
        server.setRequestHandler('resources/unsubscribe', () => ({}))
      },
    },
  }
}

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA='

const text = (value: string): CallToolResult => ({ content: [{ type: 'text', text: value }] })
const schema = (properties: Record<string, unknown> = {}, required: string[] = []) =>
  ({ type: 'object', properties, required }) as Tool['inputSchema']
const form = (message: string, properties: Record<string, unknown>, required: string[] = []) => ({
  method: 'elicitation/create' as const,
  params: {
    mode: 'form' as const,
    message,
    requestedSchema: { type: 'object' as const, properties, required },
  },
})
const sampling = (prompt: string, maxTokens = 100) => ({
  method: 'sampling/createMessage' as const,
  params: {
    messages: [{ role: 'user' as const, content: { type: 'text' as const, text: prompt } }],
    maxTokens,
  },
})
const ask = (inputRequests: Record<string, unknown>, requestState?: string): InputRequiredResult => ({
  resultType: 'input_required',
  inputRequests: inputRequests as InputRequests,
  ...(requestState === undefined ? {} : { requestState }),
})

type Act = (
  input: Record<string, unknown>,
  context: CallContext,
) => CallToolResult | InputRequiredResult | Promise<CallToolResult | InputRequiredResult>

const TOOLS = new Map<string, RegisteredTool>()
function tool(name: string, act: Act, inputSchema = schema()): void {
  TOOLS.set(name, {
    definition: { name, description: `Fixture of the suite: ${name}`, inputSchema },
    isVisible: () => true,
    call: async (_caller, input, context) => act(input, context),
  })
}

const answers = (context: CallContext): Record<string, unknown> => context.mcpReq.inputResponses ?? {}
const contentOf = (context: CallContext, key: string): Record<string, unknown> | null => {
  const answer = answers(context)[key] as { action?: string; content?: unknown } | undefined
  return answer?.action === 'accept' && typeof answer.content === 'object'
    ? (answer.content as Record<string, unknown> | null)
    : null
}

const KEY = randomBytes(32)
const seal = (state: string): string => `${state}.${createHmac('sha256', KEY).update(state).digest('hex')}`
function unseal(sealed: unknown): string {
  const [state = '', mac] = String(sealed).split('.')
  if (mac !== createHmac('sha256', KEY).update(state).digest('hex'))
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Invalid requestState')
  return state
}

tool('test_simple_text', () => text('This is a simple text response for testing.'))
tool('test_image_content', () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }))
tool('test_audio_content', () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] }))
const embedded = (uri: string, mimeType: string, body: string) => ({
  type: 'resource' as const,
  resource: { uri, mimeType, text: body },
})
tool('test_embedded_resource', () => ({
  content: [embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
}))
tool('test_multiple_content_types', () => ({
  content: [
    { type: 'text', text: 'Multiple content types test:' },
    { type: 'image', data: PNG, mimeType: 'image/png' },
    embedded(
      'test://mixed-content-resource',
      'application/json',
      JSON.stringify({ test: 'data', value: 123 }),
    ),
  ],
}))
tool('test_error_handling', () => ({
  ...text('This tool intentionally returns an error for testing'),
  isError: true,
}))
tool('test_tool_with_progress', async (_input, { mcpReq }) => {
  const progressToken = mcpReq._meta?.progressToken
  for (const progress of [0, 50, 100]) {
    if (progressToken !== undefined)
      await mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken, progress, total: 100, message: `${progress} of 100` },
      })
    await pause(50)
  }
  return text(String(progressToken))
})
tool('test_tool_with_logging', async (_input, { mcpReq }) => {
  for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
    await mcpReq.log('info', data)
    await pause(50)
  }
  return text('Tool with logging executed successfully')
})
tool('test_logging_tool', async (_input, { mcpReq }) => {
  await mcpReq.log('info', 'only for those who asked')
  return text('logged')
})
tool(
  'test_sampling',
  async ({ prompt }, { mcpReq }) => {
    const answer = await mcpReq.requestSampling(sampling(String(prompt)).params)
    const { content } = answer
    return text(`LLM response: ${!Array.isArray(content) && content.type === 'text' ? content.text : ''}`)
  },
  schema({ prompt: { type: 'string' } }, ['prompt']),
)
const elicited = async (
  context: CallContext,
  message: string,
  properties: Record<string, unknown>,
  required: string[] = [],
): Promise<CallToolResult> => {
  const params = form(message, properties, required).params as Parameters<
    typeof context.mcpReq.elicitInput
  >[0]
  const { action, content } = await context.mcpReq.elicitInput(params)
  return text(`User response: action=${action}, content=${JSON.stringify(content ?? {})}`)
}
tool(
  'test_elicitation',
  ({ message }, context) =>
    elicited(context, String(message), { username: { type: 'string' }, email: { type: 'string' } }, [
      'username',
      'email',
    ]),
  schema({ message: { type: 'string' } }, ['message']),
)
tool('test_elicitation_sep1034_defaults', (_input, context) =>
  elicited(context, 'Please review and update the form fields with defaults', {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  }),
)
const titled = (...pairs: [string, string][]) => pairs.map(([value, title]) => ({ const: value, title }))
tool('test_elicitation_sep1330_enums', (_input, context) =>
  elicited(context, 'Please select options from the enum fields', {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: {
      type: 'string',
      oneOf: titled(['value1', 'First Option'], ['value2', 'Second Option'], ['value3', 'Third Option']),
    },
    legacyEnum: {
      type: 'string',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: {
      type: 'array',
      items: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    },
    titledMulti: {
      type: 'array',
      items: {
        anyOf: titled(['value1', 'First Choice'], ['value2', 'Second Choice'], ['value3', 'Third Choice']),
      },
    },
  }),
)
tool(
  'test_custom_header',
  ({ region }) => text(`in ${String(region)}`),
  schema({ region: { type: 'string', 'x-mcp-header': 'Region' } }, ['region']),
)
tool('test_reconnection', async () => text('Reconnection test completed successfully.'))

tool('test_missing_capability', () => ask({ needed: sampling('anything') }))
tool('test_streaming_elicitation', (_input, context) =>
  contentOf(context, 'name') === null
    ? ask({ name: form('What is your name?', { name: { type: 'string' } }, ['name']) })
    : text('done'),
)
const nameForm = form('What is your name?', { name: { type: 'string' } }, ['name'])
tool('test_input_required_result_elicitation', (_input, context) => {
  const name = contentOf(context, 'user_name')?.['name']
  return typeof name === 'string' ? text(`Hello, ${name}!`) : ask({ user_name: nameForm })
})
tool('test_input_required_result_sampling', (_input, context) => {
  const answer = answers(context)['capital_question'] as { content?: { text?: string } } | undefined
  return answer === undefined
    ? ask({ capital_question: sampling('What is the capital of France?') })
    : text(String(answer.content?.text))
})
tool('test_input_required_result_list_roots', (_input, context) => {
  const answer = answers(context)['client_roots'] as { roots?: { uri: string }[] } | undefined
  return answer === undefined
    ? ask({ client_roots: { method: 'roots/list', params: {} } })
    : text(`Roots: ${(answer.roots ?? []).map((root) => root.uri).join(', ')}`)
})
const confirmForm = form('Please confirm', { ok: { type: 'boolean' } }, ['ok'])
for (const name of ['request_state', 'tampered_state']) {
  tool(`test_input_required_result_${name}`, (_input, context) => {
    const state = context.mcpReq.requestState<string>()
    if (state === undefined) return ask({ confirm: confirmForm }, seal('first'))
    unseal(state)
    return contentOf(context, 'confirm') === null
      ? ask({ confirm: confirmForm }, seal('first'))
      : text('state-ok')
  })
}
tool('test_input_required_result_multiple_inputs', (_input, context) => {
  const state = context.mcpReq.requestState<string>()
  const given = answers(context)
  if (
    state === undefined ||
    ['user_name', 'greeting', 'client_roots'].some((key) => given[key] === undefined)
  ) {
    return ask(
      {
        user_name: nameForm,
        greeting: sampling('Generate a greeting', 50),
        client_roots: { method: 'roots/list', params: {} },
      },
      seal('all'),
    )
  }
  unseal(state)
  return text('all-inputs-received')
})
tool('test_input_required_result_multi_round', (_input, context) => {
  const state = context.mcpReq.requestState<string>()
  const round = state === undefined ? 'none' : unseal(state)
  if (round === 'one' && contentOf(context, 'step1') !== null) {
    const color = form('Step 2: What is your favorite color?', { color: { type: 'string' } }, ['color'])
    return ask({ step2: color }, seal('two'))
  }
  if (round === 'two' && contentOf(context, 'step2') !== null) return text('done in three rounds')
  return ask(
    { step1: form('Step 1: What is your name?', { name: { type: 'string' } }, ['name']) },
    seal('one'),
  )
})
tool('test_input_required_result_capabilities', (_input, context) => {
  const declared: object =
    (context.mcpReq.envelope as Record<string, object> | undefined)?.[CLIENT_CAPABILITIES_META_KEY] ?? {}
  const requests = {
    ...('elicitation' in declared ? { user_name: nameForm } : {}),
    ...('sampling' in declared ? { greeting: sampling('Generate a greeting', 50) } : {}),
    ...('roots' in declared ? { client_roots: { method: 'roots/list', params: {} } } : {}),
  }
  const given = answers(context)
  return Object.keys(requests).every((key) => given[key] !== undefined) ? text('enough') : ask(requests)
})

TOOLS.set('json_schema_2020_12_tool', {
  definition: {
    name: 'json_schema_2020_12_tool',
    description: 'Tool with JSON Schema 2020-12 features',
    inputSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      $defs: {
        address: {
          $anchor: 'addressDef',
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } },
        },
      },
      properties: {
        name: { type: 'string' },
        address: { $ref: '#/$defs/address' },
        contactMethod: { type: 'string', enum: ['phone', 'email'] },
        phone: { type: 'string' },
        email: { type: 'string' },
      },
      allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
      if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: { required: ['phone'] },
      else: { required: ['email'] },
      additionalProperties: false,
    },
  },
  isVisible: () => true,
  call: async () => text('accepted'),
})

const PROMPTS = new Map<string, RegisteredPrompt>()
function prompt(
  name: string,
  args: Prompt['arguments'],
  get: (input: Record<string, string>, context: CallContext) => GetPromptResult | InputRequiredResult,
): void {
  PROMPTS.set(name, {
    definition: {
      name,
      description: `Fixture of the suite: ${name}`,
      ...(args === undefined ? {} : { arguments: args }),
    },
    get: async (_caller, input, context) => get(input, context),
  })
}
const said = (value: string) => ({ role: 'user' as const, content: { type: 'text' as const, text: value } })

prompt('test_simple_prompt', undefined, () => ({ messages: [said('This is a simple prompt for testing.')] }))
prompt(
  'test_prompt_with_arguments',
  [
    { name: 'arg1', required: true },
    { name: 'arg2', required: true },
  ],
  ({ arg1, arg2 }) => ({ messages: [said(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)] }),
)
prompt(
  'test_prompt_with_embedded_resource',
  [{ name: 'resourceUri', required: true }],
  ({ resourceUri }) => ({
    messages: [
      {
        role: 'user',
        content: embedded(String(resourceUri), 'text/plain', 'Embedded resource content for testing.'),
      },
      said('Please process the embedded resource above.'),
    ],
  }),
)
prompt('test_prompt_with_image', undefined, () => ({
  messages: [
    { role: 'user', content: { type: 'image', data: PNG, mimeType: 'image/png' } },
    said('Please analyze the image above.'),
  ],
}))
prompt('test_input_required_result_prompt', undefined, (_input, context) => {
  const given = contentOf(context, 'user_context')
  if (given !== null) return { messages: [said(`With the context ${String(given['context'])}`)] }
  const asked = form('What context should the prompt use?', { context: { type: 'string' } }, ['context'])
  return ask({ user_context: asked })
})

function readFixture(uri: string): ReadResourceResult | null {
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1]
  if (id !== undefined) {
    const body = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` })
    return { contents: [{ uri, mimeType: 'application/json', text: body }] }
  }
  if (uri === 'test://static-text') {
    const body = 'This is the content of the static text resource.'
    return { contents: [{ uri, mimeType: 'text/plain', text: body }] }
  }
  if (uri === 'test://static-binary') return { contents: [{ uri, mimeType: 'image/png', blob: PNG }] }
  if (uri === 'test://watched-resource')
    return { contents: [{ uri, mimeType: 'text/plain', text: 'watched' }] }
  return null
}
