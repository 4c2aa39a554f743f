import { ArrowDown, ArrowUp } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'

export interface Column<Row> {
  label: string
  show(row: Row): ReactNode
  /** Sorts by this; a column without it cannot be sorted by. `null` comes last. */
  by?(row: Row): string | number | null
  /** Left out where there is little room. */
  wide?: boolean
}

/** A dense table that is a list of its rows on a phone. */
export function Table<Row>({
  label,
  columns,
  rows,
  keyOf,
}: {
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf(row: Row): string
}): ReactNode {
  const [sort, setSort] = useState<{ column: number; down: boolean } | null>(null)
  const by = sort === null ? undefined : columns[sort.column]?.by
  const shown = by === undefined ? rows : rows.toSorted((a, b) => compare(by(a), by(b), sort?.down === true))
  return (
    <table className="table" aria-label={label}>
      <thead>
        <tr>
          {columns.map((column, index) => (
            <th
              key={column.label}
              scope="col"
              className={column.wide === true ? 'only-wide-cell' : undefined}
              aria-sort={sort?.column === index ? (sort.down ? 'descending' : 'ascending') : undefined}
            >
              {column.by === undefined ? (
                column.label
              ) : (
                <button
                  type="button"
                  className="sort"
                  onClick={() => setSort({ column: index, down: sort?.column === index && !sort.down })}
                >
                  {column.label}
                  {sort?.column !== index ? null : sort.down ? (
                    <ArrowDown size={12} aria-hidden />
                  ) : (
                    <ArrowUp size={12} aria-hidden />
                  )}
                </button>
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column) => (
              <td
                key={column.label}
                data-label={column.label}
                className={column.wide === true ? 'only-wide-cell' : undefined}
              >
                {column.show(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** In the order in which people read; what is not known comes last either way. */
export function compare(a: string | number | null, b: string | number | null, down: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  const order =
    typeof a === 'number' && typeof b === 'number'
      ? a - b
      : String(a).localeCompare(String(b), 'en', { numeric: true })
  return down ? -order : order
}
