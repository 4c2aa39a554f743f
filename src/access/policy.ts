import { readFileSync } from 'node:fs'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { AppError, messageOf } from '../base/error.ts'
import { sha256 } from '../base/id.ts'

/** Roles that a policy can ask for; an agent's is not among them. */
const deciders = z.enum(['responder', 'lead', 'admin'])

const rule = z.strictObject({
  role: deciders,
  /** How many different people. */
  approvals: z.number().int().min(1).max(5).default(1),
  /**
   * Whether whoever proposed the option may be among them. `p1`: in incidents of severity P1. What erlmcp offers from a
   * page counts as proposed by erlmcp, unless `proposal` is `person`.
   */
  selfApproval: z.enum(['never', 'p1', 'always']).default('never'),
  /** `person`: somebody has to propose the option before it can be approved. */
  proposal: z.enum(['page', 'person']).default('page'),
  /** An approval that is not used within this time is void. */
  expiresAfterSeconds: z.number().int().min(10).max(86_400).optional(),
})

/** `*` stands for any run of characters. */
const pattern = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[A-Za-z0-9*][A-Za-z0-9*._:@/-]*$/, 'letters, digits, . _ : @ / - and *')
const patterns = z.array(pattern).min(1).max(200)
const labels = z.record(z.string().min(1).max(100), z.string().min(1).max(253))
const time = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day as 22:00')

const quiet = z.strictObject({
  name: z.string().min(1).max(100),
  /** Incidents whose labels have all of these values; empty: all. */
  labels: labels.default({}),
  days: z
    .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
    .min(1)
    .optional(),
  from: time,
  /** Earlier than `from`: it ends the next day. */
  to: time,
  timezone: z.string().refine(isTimezone, 'not a time zone such as Europe/Berlin').default('UTC'),
  risks: z.array(z.enum(['change', 'destructive'])).min(1),
  /** What holds in that time: nothing of it runs, or a higher rule. */
  hold: z.union([
    z.literal('refuse'),
    z.strictObject({ role: deciders, approvals: z.number().int().min(1).max(5).default(1) }),
  ]),
  /** Incidents of these severities are not held back. */
  except: z.array(z.enum(['P1', 'P2', 'P3', 'P4'])).default(['P1']),
})

const policyFile = z
  .strictObject({
    version: z.literal(1),
    risks: z
      .strictObject({
        change: rule.prefault({ role: 'responder', selfApproval: 'p1' }),
        destructive: rule.prefault({ role: 'lead' }),
      })
      .prefault({}),
    /** Outside of these nothing but reading is approved or run. A missing list fences nothing. */
    fences: z
      .strictObject({
        contexts: patterns.optional(),
        namespaces: patterns.optional(),
        hosts: patterns.optional(),
      })
      .default({}),
    quiet: z.array(quiet).max(50).default([]),
    /** `null`: there is none. It overrules role, number and requester; never a fence, a hash, an expiry or single use. */
    breakGlass: z
      .strictObject({
        role: deciders.default('responder'),
        reasonCharacters: z.number().int().min(20).max(500).default(20),
      })
      .nullable()
      .prefault({}),
  })
  .superRefine((policy, context) => {
    const { change, destructive } = policy.risks
    if (destructive.approvals < change.approvals)
      context.addIssue({
        code: 'custom',
        path: ['risks', 'destructive', 'approvals'],
        message: `asks for ${destructive.approvals}, less than a change does (${change.approvals})`,
      })
  })

export type Policy = z.output<typeof policyFile>

export interface LoadedPolicy {
  policy: Policy
  /** The file; `null`: the defaults. */
  source: string | null
  /** Of the text, so that an audit row says which policy held. */
  hash: string
}

/** What holds without a file. */
export const DEFAULT_POLICY: Policy = policyFile.parse({ version: 1 })

/**
 * Reads a policy and says every fault with its line.
 * @throws AppError `input_invalid`.
 */
export function parsePolicy(text: string, name: string): Policy {
  const document = parseDocument(text.slice(0, 262_144), { prettyErrors: true, uniqueKeys: true })
  const [fault] = document.errors
  if (fault !== undefined) throw invalid(`${name}: ${messageOf(fault).split('\n', 1)[0] ?? ''}`)
  const parsed = policyFile.safeParse(document.toJS({ maxAliasCount: 10 }) ?? {})
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.slice(0, 10).map((issue) => {
    const line = lineOf(document, text, issue.path)
    return `${name}${line === null ? '' : `:${line}`}: ${issue.path.join('.') || 'top level'}: ${issue.message}`
  })
  throw invalid(faults.join('\n'))
}

const invalid = (message: string): AppError =>
  new AppError('input_invalid', message, {
    action:
      'Mend the policy; docs/guide/policy.md lists every key. `erlmcp policy check FILE` tries it offline.',
  })

function lineOf(
  document: ReturnType<typeof parseDocument>,
  text: string,
  path: readonly PropertyKey[],
): number | null {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node: unknown = document.getIn(path.slice(0, depth), true)
    const range = (node as { range?: [number, number, number] | null } | undefined)?.range
    if (range) return text.slice(0, range[0]).split('\n').length
  }
  return null
}

/**
 * The policy in a file; the defaults where none is named.
 * @throws AppError `not_found`, `input_invalid`: erlmcp does not start with a policy that it does not understand.
 */
export function loadPolicy(file: string | null): LoadedPolicy {
  if (file === null)
    return { policy: DEFAULT_POLICY, source: null, hash: sha256(JSON.stringify(DEFAULT_POLICY)) }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new AppError('not_found', `the policy ${file} cannot be read: ${messageOf(error)}`, {
      action: 'Set `access.policy` to a file that exists, or remove the key.',
      cause: error,
    })
  }
  return { policy: parsePolicy(text, file), source: file, hash: sha256(text) }
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
