import { z } from 'zod'

const seconds = z.number().positive().max(86_400)
const destination = z.strictObject({
  channel: z.string().min(1).max(50),
  target: z.string().min(1).max(300).nullable().default(null),
})

/** How changes of workloads (scaling, rollback) are carried out. */
export const changes = z
  .strictObject({
    /** Where people hear how a change, a window or a guarded rollout went. */
    tell: z
      .array(destination)
      .max(20)
      .default([{ channel: 'console', target: null }]),
    /** How long pods may take to be ready. */
    readyTimeoutSeconds: seconds.default(600),
    pollSeconds: seconds.default(2),
    /** A change has worked when the error rate stays below this for so long. */
    errorRateBelow: z.number().min(0).max(1).default(0.01),
    verifySeconds: seconds.default(60),
    /** How much longer the error rate may take to get there. */
    verifyGraceSeconds: seconds.default(120),
  })
  .prefault({})

/** Kubernetes does not roll back by itself; the guard does, for Deployments that have its label. */
export const guard = z
  .strictObject({
    /** `dry-run`: it says what it would do, and does nothing. */
    mode: z.enum(['off', 'dry-run', 'on']).default('off'),
    /** Deployments with this label are watched. */
    label: z
      .string()
      .regex(/^[A-Za-z0-9./_-]{1,253}=[A-Za-z0-9._-]{1,63}$/)
      .default('erlmcp.io/guard=true'),
    everySeconds: seconds.default(5),
    /** Pods of a new revision that are not ready after so long have failed. */
    readyDeadlineSeconds: seconds.default(300),
    /** A rollout is watched for so long after it has begun. */
    windowSeconds: seconds.default(900),
    /** The rollout has failed when the error rate is above this for so long, while it is watched. */
    errorRateAbove: z.number().min(0).max(1).default(0.05),
    errorRateForSeconds: seconds.default(30),
    /** Restarts of one pod of the new revision that make it a crash loop. */
    restarts: z.number().int().min(1).max(100).default(3),
    /** The severity of the incident that tells of an undo. */
    severity: z.enum(['P1', 'P2', 'P3', 'P4']).default('P2'),
  })
  .prefault({})

export const maintenance = z
  .strictObject({
    /** Further items of the checklist before a window. */
    before: z.array(z.string().min(1).max(300)).max(50).default([]),
    /** Further items of the checklist after it. */
    after: z.array(z.string().min(1).max(300)).max(50).default([]),
    /** A verified backup has to be at most this old. */
    backupWithinHours: z.number().positive().max(10_000).default(24),
    /** How long pods may take to be ready before traffic comes back. */
    readyTimeoutSeconds: seconds.default(600),
    /** The severity of the incident when a window overruns or cannot be ended. */
    severity: z.enum(['P1', 'P2', 'P3', 'P4']).default('P1'),
  })
  .prefault({})
