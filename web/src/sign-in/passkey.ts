import { post } from '../api/client.ts'
import type { Session } from '../api/model.ts'

interface Challenge {
  challengeId: string
  options: PublicKeyCredentialRequestOptionsJSON
}

/** @throws when the browser has no passkey for this server, or the person says no */
export async function signInWithPasskey(): Promise<Session> {
  const { challengeId, options } = await post<Challenge>('/login/passkey/options')
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  const credential = await navigator.credentials.get({ publicKey })
  if (!(credential instanceof PublicKeyCredential)) throw new Error('no passkey was given')
  return post<Session>('/login/passkey', { challengeId, response: credential.toJSON() })
}

/** Makes a passkey for whoever is signed in. */
export async function makePasskey(name: string): Promise<void> {
  const { challengeId, options } = await post<{
    challengeId: string
    options: PublicKeyCredentialCreationOptionsJSON
  }>('/passkeys/options')
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  const credential = await navigator.credentials.create({ publicKey })
  if (!(credential instanceof PublicKeyCredential)) throw new Error('no passkey was made')
  await post('/passkeys', { challengeId, name, response: credential.toJSON() })
}

export const canMakePasskeys = (): boolean =>
  'PublicKeyCredential' in globalThis && 'parseCreationOptionsFromJSON' in PublicKeyCredential
