import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'

export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string }
  [key: string]: unknown
}

export const OVERLAYS = ['dev', 'small', 'ha'] as const

/** What `kubectl kustomize` builds. */
export const build = (overlay: string): Manifest[] =>
  manifestsIn(
    execFileSync('kubectl', ['kustomize', `deploy/kustomize/overlays/${overlay}`], { encoding: 'utf8' }),
  )

/** @throws Error at YAML that is none */
export function manifestsIn(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0]
    const value = document.toJS() as Manifest | null
    return value === null ? [] : [value]
  })
}

const TYPES: Record<string, string> = {
  v1: 'core/v1',
  'apps/v1': 'apps/v1',
  'autoscaling/v2': 'autoscaling/v2',
  'networking.k8s.io/v1': 'networking/v1',
  'policy/v1': 'policy/v1',
  'rbac.authorization.k8s.io/v1': 'rbac/v1',
}

/**
 * What the compiler says of manifests against the types of the Kubernetes API: unknown fields, wrong values, fields that
 * are missing. Empty: nothing.
 */
export function typeErrors(manifests: readonly Manifest[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-manifests-'))
  try {
    symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'))
    const lines = manifests.map((manifest, index) => {
      const types = TYPES[manifest.apiVersion] ?? `unknown/${manifest.apiVersion}`
      return `export const m${index}: import('kubernetes-types/${types}.js').${manifest.kind} = ${JSON.stringify(manifest)}`
    })
    writeFileSync(path.join(folder, 'manifests.ts'), `${lines.join('\n')}\n`)
    writeFileSync(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          module: 'nodenext',
          target: 'esnext',
          types: [],
          skipLibCheck: true,
        },
        files: ['manifests.ts'],
      }),
    )
    execFileSync(path.resolve('node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8', stdio: 'pipe' })
    return ''
  } catch (error) {
    return (error as { stdout?: string }).stdout ?? String(error)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
