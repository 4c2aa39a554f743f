import { ArrowDownToLine, ChevronDown, ChevronUp, Download, Search, WrapText } from 'lucide-react'
import { useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { setPreferences, usePreferences } from '../../shell/preferences.ts'
import { CopyButton } from '../controls.tsx'
import type { Segment } from './ansi.ts'
import { useOutput } from './follow.ts'
import type { Lines } from './lines.ts'
import { layRows, searchLines } from './rows.ts'

const LINE_PX = 18
const OVERSCAN = 20
const SHOWN_LINES = 18

/** The output of one command: live, coloured, searchable, as long as it may be. */
export function OutputPane({
  execution,
  running,
  bytes,
  truncated,
}: {
  execution: string
  running: boolean
  bytes: number
  truncated: boolean
}): ReactNode {
  const { lines, version, complete, problem } = useOutput(execution)
  const { wrap } = usePreferences()
  const [follow, setFollow] = useState(true)
  const [searching, setSearching] = useState(false)
  const [query, setQuery] = useState('')
  const [current, setCurrent] = useState(0)
  const wanted = useDeferredValue(query)
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- `version` says that `lines` has grown
  const hits = useMemo(() => searchLines(lines, wanted), [lines, version, wanted])
  const hit = hits[Math.min(current, hits.length - 1)] ?? null
  const step = (by: number): void => {
    setFollow(false)
    setCurrent((before) => (hits.length === 0 ? 0 : (before + by + hits.length) % hits.length))
  }
  if (lines.count === 0) {
    return (
      <p className="quiet output-empty">
        {problem ??
          (running
            ? 'No output yet; it appears here as it is written.'
            : complete
              ? 'No output.'
              : 'Reading output…')}
      </p>
    )
  }
  return (
    <div className="output">
      <div className="output-bar">
        <span className="quiet digits">
          {lines.count === 1 ? '1 line' : `${lines.count.toLocaleString('en')} lines`}
          {bytes > 0 ? `, ${sizeText(bytes)}` : ''}
          {truncated ? ', cut off at the limit' : ''}
        </span>
        <span className="spring" />
        {running ? (
          <Toggle
            on={follow}
            set={setFollow}
            label="Follow"
            icon={<ArrowDownToLine size={16} aria-hidden />}
          />
        ) : null}
        <Toggle
          on={wrap}
          set={(on) => setPreferences({ wrap: on })}
          label="Wrap lines"
          icon={<WrapText size={16} aria-hidden />}
        />
        <Toggle
          on={searching}
          set={setSearching}
          label="Search output"
          icon={<Search size={16} aria-hidden />}
        />
        <CopyButton text={() => lines.all()} what="output" />
        <button
          type="button"
          className="icon-button"
          title="Download output"
          aria-label="Download output"
          onClick={() => download(lines, execution)}
        >
          <Download size={16} aria-hidden />
        </button>
      </div>
      {searching ? (
        <div className="output-search">
          <input
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- opened to be typed into
            autoFocus
            type="search"
            aria-label="Search in the output"
            placeholder="Search"
            value={query}
            onChange={(event) => {
              setQuery(event.target.value)
              setCurrent(0)
              setFollow(false)
            }}
            onKeyDown={(event) => {
              if (event.key === 'Enter') step(event.shiftKey ? -1 : 1)
              if (event.key === 'Escape') setSearching(false)
            }}
          />
          <span className="quiet digits" role="status">
            {query === ''
              ? ''
              : hits.length === 0
                ? 'none'
                : `${Math.min(current + 1, hits.length)} of ${hits.length}`}
          </span>
          <button type="button" className="icon-button" onClick={() => step(-1)} aria-label="Previous match">
            <ChevronUp size={16} aria-hidden />
          </button>
          <button type="button" className="icon-button" onClick={() => step(1)} aria-label="Next match">
            <ChevronDown size={16} aria-hidden />
          </button>
        </div>
      ) : null}
      <Rows
        lines={lines}
        version={version}
        wrap={wrap}
        follow={follow && running}
        onLeave={() => setFollow(false)}
        query={searching ? wanted : ''}
        hit={searching ? hit : null}
      />
    </div>
  )
}

function Toggle({
  on,
  set,
  label,
  icon,
}: {
  on: boolean
  set(on: boolean): void
  label: string
  icon: ReactNode
}): ReactNode {
  return (
    <button
      type="button"
      className="icon-button"
      aria-pressed={on}
      title={label}
      aria-label={label}
      onClick={() => set(!on)}
    >
      {icon}
    </button>
  )
}

/** Only the lines in view are in the page. */
function Rows({
  lines,
  version,
  wrap,
  follow,
  onLeave,
  query,
  hit,
}: {
  lines: Lines
  version: number
  wrap: boolean
  follow: boolean
  onLeave(): void
  query: string
  hit: number | null
}): ReactNode {
  const box = useRef<HTMLDivElement>(null)
  const probe = useRef<HTMLSpanElement>(null)
  const [view, setView] = useState({ top: 0, height: LINE_PX * SHOWN_LINES, columns: 80 })
  const rows = useMemo(
    () => layRows(lines, wrap ? view.columns : null),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `version` says that `lines` has grown
    [lines, version, wrap, wrap ? view.columns : 0],
  )
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const measure = (): void => {
      const character = (probe.current?.getBoundingClientRect().width ?? 80) / 10
      const columns = Math.max(10, Math.floor((element.clientWidth - 16) / character))
      setView((before) => ({ ...before, height: element.clientHeight, columns }))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    const element = box.current
    if (element !== null && follow) element.scrollTop = element.scrollHeight
  }, [follow, version, rows])
  useEffect(() => {
    const element = box.current
    if (element === null || hit === null) return
    const top = rows.topOf(hit) * LINE_PX
    if (top < element.scrollTop || top > element.scrollTop + element.clientHeight - LINE_PX * 2)
      element.scrollTop = Math.max(0, top - element.clientHeight / 2)
  }, [hit, rows])
  const first = rows.lineAt(Math.floor(view.top / LINE_PX) - OVERSCAN)
  const last = Math.min(
    lines.count - 1,
    rows.lineAt(Math.ceil((view.top + view.height) / LINE_PX) + OVERSCAN),
  )
  const shown = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
  return (
    <div
      ref={box}
      className={`output-box ${wrap ? 'is-wrapped' : ''}`}
      // the keyboard scrolls what has the focus
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- see above
      tabIndex={0}
      role="region"
      aria-label="Output"
      style={{ height: Math.min(SHOWN_LINES, Math.max(1, rows.total)) * LINE_PX + 16 }}
      onScroll={(event) => {
        const element = event.currentTarget
        const { scrollTop: top, clientHeight: height } = element
        setView((before) => ({ ...before, top, height }))
      }}
      onWheel={(event) => {
        if (event.deltaY < 0) onLeave()
      }}
      onTouchMove={onLeave}
    >
      <span ref={probe} className="output-probe" aria-hidden>
        0000000000
      </span>
      <div style={{ height: rows.total * LINE_PX, minWidth: wrap ? undefined : `${lines.longest}ch` }}>
        <div style={{ transform: `translateY(${rows.topOf(first) * LINE_PX}px)` }}>
          {shown.map((index) => (
            <div key={index} className={`output-line ${index === hit ? 'is-hit' : ''}`}>
              {query === '' ? (
                lines.segments(index).map((segment, at) => <Stretch key={at} segment={segment} />)
              ) : (
                <Found text={lines.plain(index)} query={query} />
              )}
              {'\n'}
            </div>
          ))}
        </div>
      </div>
    </div>
  )
}

function Stretch({ segment }: { segment: Segment }): ReactNode {
  const { style, text } = segment
  const classes = [
    style.fg === null ? '' : `fg-${style.fg}`,
    style.bg === null ? '' : 'has-bg',
    style.bold ? 'is-bold' : '',
    style.dim ? 'is-dim' : '',
    style.italic ? 'is-italic' : '',
    style.underline ? 'is-underlined' : '',
    style.inverse ? 'is-inverse' : '',
  ].filter((name) => name !== '')
  return classes.length === 0 ? text : <span className={classes.join(' ')}>{text}</span>
}

function Found({ text, query }: { text: string; query: string }): ReactNode {
  const lower = text.toLowerCase()
  const wanted = query.toLowerCase()
  const parts: ReactNode[] = []
  let at = 0
  for (let found = lower.indexOf(wanted); found !== -1; found = lower.indexOf(wanted, at)) {
    parts.push(text.slice(at, found), <mark key={found}>{text.slice(found, found + wanted.length)}</mark>)
    at = found + wanted.length
  }
  return [...parts, text.slice(at)]
}

const sizeText = (bytes: number): string =>
  bytes < 1_024
    ? `${bytes} B`
    : bytes < 1_048_576
      ? `${(bytes / 1_024).toFixed(1)} KB`
      : `${(bytes / 1_048_576).toFixed(1)} MB`

function download(lines: Lines, execution: string): void {
  const address = URL.createObjectURL(new Blob([lines.all()], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = address
  link.download = `${execution}.txt`
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
