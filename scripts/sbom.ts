/**
 * `node scripts/sbom.ts [FILE]`: the bill of materials of what runs (no developer tools), from package-lock.json, as
 * CycloneDX JSON; to standard output without FILE.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '..')
const MAX_BYTES = 64 * 1024 * 1024

interface Bill {
  metadata: { component: { 'bom-ref': string } }
  components: { 'bom-ref': string; name: string; licenses?: unknown[] }[]
  dependencies: { ref: string; dependsOn: string[] }[]
}

/** @throws Error when npm is not there or finds the lock file out of step with package.json */
export function billOfMaterials(): Bill {
  const text = execFileSync(
    'npm',
    ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: MAX_BYTES },
  )
  const bill = JSON.parse(text) as Bill
  // `npm sbom --omit=dev` also leaves out what runs and developer tools use too: zod, yaml and twenty more
  const kept = new Set([bill.metadata.component['bom-ref'], ...runtimePackages()])
  return {
    ...bill,
    components: bill.components.filter((each) => kept.has(each['bom-ref'])),
    dependencies: bill.dependencies
      .filter(({ ref }) => kept.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) })),
  }
}

interface LockEntry {
  version: string
  dev?: boolean
  optional?: boolean
  devOptional?: boolean
}

/** `name@version` of everything that is installed without developer tools and without the embedded PostgreSQL. */
export function runtimePackages(): string[] {
  const lock = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockEntry>
  }
  return Object.entries(lock.packages)
    .filter(
      ([place, { dev, optional, devOptional }]) =>
        place !== '' && dev !== true && optional !== true && devOptional !== true,
    )
    .map(([place, { version }]) => `${place.split('node_modules/').at(-1)}@${version}`)
}

if (process.argv[1] === import.meta.filename) {
  const text = `${JSON.stringify(billOfMaterials(), null, 2)}\n`
  const file = process.argv[2]
  if (file === undefined) process.stdout.write(text)
  else writeFileSync(file, text)
}
