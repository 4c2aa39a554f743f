/** The page of a runbook, at a line of it. */
export function pageAddress(page: { source?: string; path: string }, line?: number): string {
  const query = new URLSearchParams({ path: page.path })
  if (page.source !== undefined) query.set('source', page.source)
  if (line !== undefined) query.set('line', String(line))
  return `/runbooks/show?${query.toString()}`
}
