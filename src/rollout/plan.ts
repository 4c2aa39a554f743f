import type { Deployment } from 'kubernetes-types/apps/v1.js'
import { canonicalJson, sha256 } from '../base/id.ts'
import { analyseCommand, commandText } from '../command/index.ts'
import { annotationOf } from '../kubernetes/index.ts'

export const CHANGE_KINDS = ['scale-horizontal', 'scale-vertical', 'rollback'] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** `stop`: it cannot be applied like this. `warn`: it will not do, or not only, what is meant. */
export interface Note {
  level: 'info' | 'warn' | 'stop'
  text: string
}

/** One kubectl command: what is run, what people read, how it is judged. */
export interface ChangeCommand {
  argv: string[]
  text: string
  risk: 'change' | 'destructive'
}

export interface ChangePlan {
  kind: ChangeKind
  title: string
  apply: ChangeCommand
  /** Takes it back; `null`: nothing does by itself. */
  revert: ChangeCommand | null
  /** Unified diff of what changes. */
  diff: string
  notes: Note[]
  /** Pods that are wanted afterwards. */
  replicas: number
}

/** On the Deployment: the change that was applied last. After a crash it tells whether one took effect. */
export const LAST_CHANGE = 'erlmcp.io/last-change'

export type PatchOperation =
  | { op: 'test' | 'add' | 'replace'; path: string; value: unknown }
  | { op: 'remove'; path: string }

/** `a/b` as one part of a JSON pointer. */
export const pointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

/** Sets an annotation, whether or not there is one yet. */
export function annotate(deployment: Deployment, name: string, value: string): PatchOperation[] {
  return deployment.metadata?.annotations === undefined
    ? [{ op: 'add', path: '/metadata/annotations', value: { [name]: value } }]
    : [{ op: 'add', path: `/metadata/annotations/${pointer(name)}`, value }]
}

/**
 * A JSON patch as a command. Its `test` operations are the fence: where the object is not as it was previewed, the server
 * refuses all of it.
 */
export function patchCommand(
  target: { context: string | null; namespace: string },
  object: string,
  operations: readonly PatchOperation[],
): ChangeCommand {
  const argv = ['patch', object, '--type=json', '-p', JSON.stringify(operations)]
  const where = [
    ...(target.context === null ? [] : ['--context', target.context]),
    ...(target.namespace === '' ? [] : ['--namespace', target.namespace]),
  ]
  const text = commandText(['kubectl', ...where, ...argv])
  const { risk } = analyseCommand(text, { language: 'bash' })
  return { argv, text, risk: risk === 'destructive' ? 'destructive' : 'change' }
}

/** What an approval is for: these commands, as the operator, there. */
export const planHash = (
  plan: Pick<ChangePlan, 'apply' | 'revert'>,
  target: { context: string | null; namespace: string },
): string =>
  sha256(
    canonicalJson({
      apply: plan.apply.argv,
      revert: plan.revert?.argv ?? null,
      identity: 'operator',
      context: target.context,
      namespace: target.namespace,
    }),
  )

const GITOPS: readonly (readonly [RegExp, string])[] = [
  [/^argocd\.argoproj\.io\/(tracking-id|instance)$/, 'Argo CD'],
  [/^(kustomize|helm)\.toolkit\.fluxcd\.io\/name$/, 'Flux'],
  [/^objectset\.rio\.cattle\.io\/id$/, 'Fleet'],
]

/** Who else holds the object in a state of their own, and will take a change back. */
export function ownersOf(deployment: Deployment): string[] {
  const names = [
    ...Object.keys(deployment.metadata?.labels ?? {}),
    ...Object.keys(deployment.metadata?.annotations ?? {}),
  ]
  const found = GITOPS.flatMap(([pattern, owner]) =>
    names.some((name) => pattern.test(name)) ? [owner] : [],
  )
  const controllers = (deployment.metadata?.ownerReferences ?? []).map(({ kind, name }) => `${kind} ${name}`)
  return [...found, ...controllers]
}

/** Notes that hold for every change of a Deployment. */
export function commonNotes(deployment: Deployment): Note[] {
  const owners = ownersOf(deployment)
  const helm = deployment.metadata?.labels?.['app.kubernetes.io/managed-by'] === 'Helm'
  return [
    ...owners.map((owner) => ({
      level: 'warn' as const,
      text: `${owner} manages this Deployment and will take the change back; change it there as well`,
    })),
    ...(helm
      ? [{ level: 'info' as const, text: 'Helm installed it: the next `helm upgrade` sets it anew' }]
      : []),
    ...(deployment.spec?.paused === true
      ? [
          {
            level: 'stop' as const,
            text: 'the Deployment is paused: nothing is rolled out until it is resumed',
          },
        ]
      : []),
    ...(annotationOf(deployment, 'flagger.app/primary') === null ? [] : [{ level: 'stop' as const, text: 'Flagger shifts traffic to it; leave it to Flagger' }]),
  ] // prettier-ignore
}
