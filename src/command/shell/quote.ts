/**
 * The command that a list of words means: one word is a text as it was typed; several were split, and unquoted, by the
 * shell they were typed into, so each is quoted again.
 */
export function commandText(words: readonly string[]): string {
  const [only, ...more] = words
  if (only !== undefined && more.length === 0) return only
  return words.map(quoteWord).join(' ')
}

function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
