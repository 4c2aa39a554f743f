/** The anchor GitHub gives a heading: lower case, punctuation gone, spaces to hyphens. */
export function githubSlug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replace(/ /g, '-')
}

const MAX_ID = 60

/** A slug fit for an id: like GitHub's, without hyphens at the ends or in runs. */
export function idSlug(text: string): string {
  const slug = githubSlug(text).replace(/-{2,}/g, '-').replace(/^-|-$/g, '')
  if (slug === '') return 'section'
  if (slug.length <= MAX_ID) return slug
  const cut = slug.slice(0, MAX_ID)
  return cut.slice(0, Math.max(cut.lastIndexOf('-'), MAX_ID / 2))
}

/** Makes names unique as GitHub does: the second `a` becomes `a-1`. */
export class UniqueNames {
  readonly #seen = new Set<string>()
  readonly #next = new Map<string, number>()

  take(name: string): string {
    let unique = name
    let count = this.#next.get(name) ?? 1
    while (this.#seen.has(unique)) {
      unique = `${name}-${count}`
      count += 1
    }
    this.#next.set(name, count)
    this.#seen.add(unique)
    return unique
  }
}
