import type { KubeObject } from '../object.ts'

/** How a kind is printed. Columns: `Name`, `Name*` for one that only `-o wide` shows, `Name:integer` for its type. */
export interface Printer {
  columns: readonly string[]
  cells(object: KubeObject, now: Date): unknown[]
}
