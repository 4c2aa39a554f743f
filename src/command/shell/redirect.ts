import type { Risk } from '../model.ts'
import { isKnown } from './argument.ts'
import type { Argument } from './argument.ts'
import type { Redirect } from './parse.ts'

const NO_FILE = /^\/dev\/(?:null|stdout|stderr|stdin|tty|zero|full|fd\/\d+)$/

/** What a redirection does to the file, or device, that it names. `null`: nothing. */
export function judgeRedirect(redirect: Redirect, target: Argument): { risk: Risk; why: string } | null {
  const { operator } = redirect
  if (operator === '<' || operator === '<&') return null
  if (operator === '>&' && /^(?:\d+-?|-)$/.test(target.value)) return null
  if (
    redirect.target?.parts?.some((part) => part.type === 'ProcessSubstitution') === true &&
    redirect.target.parts.length === 1
  )
    return null
  if (!isKnown(target)) return { risk: 'change', why: 'writes to a file' }
  if (NO_FILE.test(target.value)) return null
  if (/^\/dev\/(?:tcp|udp)\//.test(target.value)) return { risk: 'change', why: 'sends to a network address' }
  if (/^\/(?:dev|proc)\//.test(target.value))
    return { risk: 'destructive', why: 'writes to a device or to the kernel' }
  return { risk: 'change', why: 'writes to a file' }
}
