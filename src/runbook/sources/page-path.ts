const PAGE = /\.(?:md|markdown|mdx)(?:\.erb)?$/i
const SKIPPED = new Set(['node_modules', '.git', '.hg', '.svn'])

/** Whether a file of a repository is a page by its name, and not of a dependency or of a version control system. */
export const isPageName = (path: string): boolean =>
  PAGE.test(path) && !path.split('/').some((segment) => SKIPPED.has(segment.toLowerCase()))

/** Why a name is not taken as a page's path, or `null`. Such names are no accident. */
export function pathProblem(path: string): string | null {
  if (path.length > 1_024) return 'its path is longer than 1,024 characters'
  if (path.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')) {
    return 'its path has an empty part, "." or ".."'
  }
  if (/[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(path))
    return 'its path holds a backslash, a control or an invisible character'
  return null
}
