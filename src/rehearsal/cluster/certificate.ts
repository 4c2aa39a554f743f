import { generate } from 'selfsigned'

export interface Certificate {
  key: string
  cert: string
}

/** A certificate for one loopback address; kubectl trusts it because the kubeconfig holds it. */
export async function createCertificate(host: string, now: Date): Promise<Certificate> {
  const day = 24 * 60 * 60 * 1_000
  const pems = await generate([{ name: 'commonName', value: 'erlmcp sandbox' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(now.getTime() - day),
    notAfterDate: new Date(now.getTime() + 365 * day),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: host }, { type: 2, value: 'localhost' }] },
    ],
  }) // prettier-ignore
  return { key: pems.private, cert: pems.cert }
}
