/** "person:ada" is Ada to a reader; other identities keep their kind. */
export const person = (id: string): string =>
  id === 'system:erlmcp' || id === 'source' ? 'erlmcp' : id.replace(/^person:/, '')

/** The first line that runs, without the comment above it. */
export const firstLine = (text: string): string =>
  text.split('\n').find((line) => line.trim() !== '' && !line.trim().startsWith('#')) ?? text

/** "Option 1: Roll back (if a release …)" keeps what is read first. */
export const shortTitle = (title: string): string =>
  title
    .replace(/^(?:option|cause|scenario|case|method)\s+\w+\s*[:.-]\s*/i, '')
    .replace(/\s*\([^)]*\)\s*$/, '')
    .trim() || title
