import { z } from 'zod'

const seconds = z.number().min(0).max(31_536_000).nullable()

/** What one rehearsal showed, for one exact text of a page. Times in seconds of the wall clock. */
export const proofSchema = z.strictObject({
  id: z.string().regex(/^proof_[0-9a-f]{24}$/),
  scenario: z.string().min(1).max(200),
  /** Path of the page below its folder, and the procedure in it. */
  page: z.string().min(1).max(1_100),
  procedure: z.string().min(1).max(500),
  /** SHA-256 of the page's bytes. */
  contentHash: z.string().regex(/^[0-9a-f]{64}$/),
  /** The commit that the page's folder was at; `null` outside git. */
  commit: z.string().max(64).nullable().default(null),
  /** `sandbox`, or `kubeconfig:CONTEXT/NAMESPACE`. */
  target: z.string().min(1).max(600),
  at: z.iso.datetime(),
  /** The times that the page states were divided by this. */
  speed: z.number().positive().max(1_000),
  passed: z.boolean(),
  reason: z.string().max(4_000),
  incident: z.string().max(100).nullable(),
  severity: z.string().max(20).nullable().default(null),
  /** What the severity, or the page itself, allows until somebody has responded. */
  responseTimeSeconds: seconds.default(null),
  /** From the fault to the alert. */
  secondsToDetect: seconds,
  /** From the alert on, as the next two. */
  secondsToAcknowledge: seconds,
  secondsToMitigate: seconds,
  secondsToResolve: seconds,
  commands: z.array(z.string().max(500)).max(1_000),
})

export type Proof = z.output<typeof proofSchema>
