/**
 * Whether a text has a subscript with a substitution in it: `a[$(rm x)]`. Where the shell evaluates the text as
 * arithmetic or as a variable's name, it runs that substitution, quoted or not.
 */
export function hidesSubscript(text: string): boolean {
  let open = false
  for (const [token] of text.matchAll(/[[\]`]|\$\(/g)) {
    if (token === '[') open = true
    else if (token === ']') open = false
    else if (open) return true
  }
  return false
}
