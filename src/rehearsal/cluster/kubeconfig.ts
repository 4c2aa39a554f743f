import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { stringify } from 'yaml'

export interface KubeconfigInput {
  server: string
  certificate: string
  user: string
  token: string
  namespace: string
}

/** Writes a kubeconfig that only its owner can read. @returns its path */
export function writeKubeconfig(file: string, input: KubeconfigInput): string {
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'sandbox',
    clusters: [
      {
        name: 'sandbox',
        cluster: {
          server: input.server,
          'certificate-authority-data': Buffer.from(input.certificate).toString('base64'),
        },
      },
    ],
    users: [{ name: input.user, user: { token: input.token } }],
    contexts: [
      { name: 'sandbox', context: { cluster: 'sandbox', user: input.user, namespace: input.namespace } },
    ],
  }
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, stringify(document), { mode: 0o600 })
  return file
}
