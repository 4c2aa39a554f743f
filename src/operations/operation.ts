import { z } from 'zod'
import type { Need } from '../access/schema.ts'

/** One verb. Every edge (HTTP, CLI, MCP) is generated from these. */
export interface Operation {
  /** `noun.verb` */
  name: string
  /** One sentence, for help and documentation. */
  summary: string
  input: z.ZodObject
  /** What it answers, as JSON; `undefined`: an object that is not described yet. */
  output?: z.ZodObject
  need: Need
  /** Whether it changes anything; those write an audit row, whatever the outcome. */
  effect: 'read' | 'write'
  http: { method: 'GET' | 'POST' | 'PUT' | 'DELETE'; path: string }
  /** Inputs that stand without a flag on the command line, in their order; every other one is a flag. */
  positional?: readonly string[]
  /** Its words on the command line, where they are not `noun verb`: `['status']`, `['rollout', 'undo']`. */
  words?: readonly string[]
  /** Its answer holds a secret that is shown once: it is kept nowhere, so a request with a key is refused. */
  answersSecret?: boolean
  /** Something that people edit: answers its `version` as an ETag, and takes `version` as If-Match too. */
  versioned?: true
  /** Of the request over HTTP, where it may be larger than that of others. */
  bodyLimitBytes?: number
  /** Decisions have no MCP tool. */
  decision: boolean
}

/** Inputs that many verbs take. */
export const id = z.string().min(1).max(100).describe('of `list`')
export const limit = z.coerce.number().int().min(1).max(200).default(50).describe('rows at most, 1 to 200')
export const reason = z
  .string()
  .trim()
  .min(1)
  .max(2_000)
  .describe('why; it stands in the timeline and the audit')
