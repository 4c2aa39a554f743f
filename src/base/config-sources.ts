import path from 'node:path'
import { z } from 'zod'

const file = z.string().min(1).max(4_096)
const optionalFile = file.nullable().default(null)

/** Lower case, so that it can stand in an address and in a file name. */
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens, at most 63')

const branch = z
  .string()
  .regex(/^(?![-./])[A-Za-z0-9._/+@#-]{1,255}$/, 'not the name of a branch')
  .refine((text) => !/\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[/.]$/.test(text), 'not the name of a branch')

const subPath = z
  .string()
  .max(1_024)
  .transform((text) => text.replaceAll(/^\/+|\/+$/g, ''))
  // oxlint-disable-next-line no-control-regex
  .refine(
    (text) => !/[\u0000-\u001f\u007f\\]/.test(text) && !text.split('/').includes('..'),
    'not a folder below',
  )

const folderSource = z.strictObject({ name, kind: z.literal('folder'), path: file })

const gitSource = z.strictObject({
  name,
  kind: z.literal('git'),
  /** `https://`, `ssh://` or `git@host:path`, `git://`, `file://`; `http://` to this machine only. Without credentials. */
  url: z.string().min(1).max(2_048),
  branch: branch.default('main'),
  /** The folder in the repository that holds the pages; empty: all of it. */
  path: subPath.default(''),
  pollSeconds: z.number().min(5).max(86_400).default(60),
  /** How many commits of the branch are read for the history of its pages. */
  depth: z.number().int().min(1).max(1_000).default(50),
  /** One `git fetch` takes at most this long, and the copy on disk at most this much. */
  timeoutSeconds: z.number().min(5).max(3_600).default(300),
  maxMegabytes: z.number().int().min(1).max(100_000).default(1_024),
  /** Holds a token, or `user:token`, for HTTPS. */
  tokenFile: optionalFile,
  /** Holds the private half of a deploy key, for SSH. */
  keyFile: optionalFile,
  /** The host keys to accept; without it the first one seen is remembered. */
  knownHostsFile: optionalFile,
  /** Certificates to trust instead of the system's. */
  caFile: optionalFile,
  proxy: z.url().nullable().default(null),
  /** Holds what the forge signs its webhooks with. */
  webhookSecretFile: optionalFile,
  /** Which forge it is, where the host does not tell. */
  forge: z.enum(['github', 'gitlab', 'gitea']).nullable().default(null),
  /** Where people see the repository, if not under its `url`. */
  webUrl: z.url().nullable().default(null),
})

/** Where pages come from, beside the folders under `runbooks`. */
export const pageSources = z
  .array(z.discriminatedUnion('kind', [folderSource, gitSource]))
  .max(100)
  .default([])
  .superRefine((sources, context) => {
    const names = sources.map((source) => source.name)
    const twice = names.find((each, index) => names.indexOf(each) !== index)
    if (twice !== undefined) context.addIssue({ code: 'custom', message: `two sources are named ${twice}` })
  })

export type PageSourceConfig = z.output<typeof pageSources>[number]
export type FolderSourceConfig = Extract<PageSourceConfig, { kind: 'folder' }>
export type GitSourceConfig = Extract<PageSourceConfig, { kind: 'git' }>

const FILES = ['tokenFile', 'keyFile', 'knownHostsFile', 'caFile', 'webhookSecretFile'] as const

/** The same with paths relative to the configuration file made absolute. */
export function resolveSource(base: string, source: PageSourceConfig): PageSourceConfig {
  if (source.kind === 'folder') return { ...source, path: path.resolve(base, source.path) }
  const resolved = { ...source }
  for (const key of FILES) {
    const given = source[key]
    if (given !== null) resolved[key] = path.resolve(base, given)
  }
  return resolved
}
