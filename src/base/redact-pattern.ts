/**
 * What a secret looks like in command output. Patterns work on bytes written as one character each (latin1), so
 * that output which is not UTF-8 is searched too; white space is spelled out because `\s` would match byte 0xA0,
 * which is the second half of many UTF-8 letters.
 */
export interface SecretPattern {
  name: string
  /** Occurs in every text that `regex` matches, and is cheaper to look for. */
  hint?: RegExp
  /** Group 1 is what leads to the secret and stays readable; group 2 is the secret. At most 1,000 characters lead. */
  regex: RegExp
  /** How a secret goes on that is longer than the buffer: what matches at the start of the next piece is swallowed. */
  goesOn: RegExp
  /** For a block of several values: those inside group 2, with the same two groups. */
  inner?: RegExp
  /** Text at whose end such a block has begun and not been decided. */
  open?: RegExp
}
