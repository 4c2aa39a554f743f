/**
 * Left-overs of site generators (Jekyll, Hugo, Middleman, MkDocs) outside of code: their code tags become fences,
 * their other tags blank lines. Lines keep their numbers; what is inside fences is left alone.
 */
const OPEN =
  /^(\s*)(?:\{%-?\s*highlight\s+([\w+-]+)[^%]*-?%\}|\{\{[<%]\s*highlight\s+([\w+-]+)[^>%]*[>%]\}\})\s*$/
const CLOSE = /^(\s*)(?:\{%-?\s*endhighlight\s*-?%\}|\{\{[<%]\s*\/highlight\s*[>%]\}\})\s*$/
const ALONE =
  /^\s*(?:\{%-?[^%]*-?%\}|\{\{[<%][^>%]*[>%]\}\}|<%(?!=\s*(?:current_page|title))[^%]*%>|\{:[^}]*\}|\[\[_?TOC_?\]\]|\[TOC\])\s*$/i
const FENCE = /^\s*(?:[-*+>]\s+|\d+[.)]\s+)*(`{3,}|~{3,})/

export function withoutLeftovers(lines: string[]): string[] {
  if (!lines.some((line) => /\{[%{:]|<%|\[\[?_?TOC/i.test(line))) return lines
  let fence: string | null = null
  return lines.map((line) => {
    const mark = FENCE.exec(line)?.[1]
    if (mark !== undefined) {
      if (fence === null) fence = mark
      else if (mark.startsWith(fence)) fence = null
      return line
    }
    if (fence !== null) return line
    const open = OPEN.exec(line)
    if (open !== null) return `${open[1] ?? ''}\`\`\`${open[2] ?? open[3] ?? ''}`
    const close = CLOSE.exec(line)
    if (close !== null) return `${close[1] ?? ''}\`\`\``
    return ALONE.test(line) ? '' : line
  })
}
