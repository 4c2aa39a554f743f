/** Small pages for the examples of rules. */

/** A page with one block in the language given. */
export const page = (language: string, ...lines: string[]): string =>
  ['# Example', '', '## Steps', '', `\`\`\`${language}`, ...lines, '```', ''].join('\n')

export const bash = (...lines: string[]): string => page('bash', ...lines)
