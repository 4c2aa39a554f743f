import { chmod, readFile, writeFile } from 'node:fs/promises'
import { AppError, messageOf } from '../base/error.ts'
import { generateKey, recipientOf } from './age.ts'

/** Writes a new key, readable by its owner alone. @throws AppError `conflict` for a file that exists. */
export async function writeKey(file: string): Promise<{ recipient: string }> {
  const { identity, recipient } = await generateKey()
  const text = `# created: ${new Date().toISOString()}\n# public key: ${recipient}\n${identity}\n`
  try {
    await writeFile(file, text, { mode: 0o600, flag: 'wx', flush: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new AppError('conflict', `${file} exists already`, {
        action: 'Name another file: a key is never written over, backups may need it.',
      })
    throw new AppError('data_unwritable', `${file} cannot be written: ${messageOf(error)}`, {
      action: 'Name a folder that erlmcp may write to.',
    })
  }
  await chmod(file, 0o600)
  return { recipient }
}

/** @throws AppError `backup_key` */
export async function readIdentities(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new AppError('backup_key', `the key of the backups ${file} cannot be read: ${messageOf(error)}`, {
      action: 'Put the key there, or name its file in `backup.identityFile`.',
    })
  })
  const keys = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('AGE-SECRET-KEY-'))
  if (keys.length > 0) return keys
  throw new AppError('backup_key', `${file} holds no secret key of age`, {
    action: 'It is a line `AGE-SECRET-KEY-1…`; `erlmcp backup keygen` writes such a file.',
  })
}

/** The public half of the installation's own key; made at its first use. */
export async function ownRecipient(file: string): Promise<string> {
  await writeKey(file).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== 'conflict') throw error
  })
  const [identity = ''] = await readIdentities(file)
  return recipientOf(identity)
}
