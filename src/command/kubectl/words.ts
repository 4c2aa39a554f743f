/** A word of the command line with its place; `text` is `null` when it is not known before the command runs. */
export interface Word {
  text: string | null
  index: number
}
