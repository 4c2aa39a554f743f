import { AppError } from '../base/error.ts'

/** @throws AppError `version_mismatch` where a conditional write has found another version. */
export function elseChanged<Version>(version: Version | null, what: string): Version {
  if (version !== null) return version
  throw new AppError('version_mismatch', `${what} was changed by somebody else meanwhile`, {
    action: 'Read it again, then write yours over what is there now.',
  })
}
