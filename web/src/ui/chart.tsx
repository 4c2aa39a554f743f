import { useEffect, useRef } from 'react'
import type { ReactNode } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { SignalHistory } from '../api/model.ts'
import { usePreferences, useShownTheme } from '../shell/preferences.ts'
import { clockText } from './time.tsx'
import { numberText } from './number.ts'

const HEIGHT = 150
/** Samples further apart than this many intervals are not joined: a gap is shown as one. */
const GAP_INTERVALS = 5

const token = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** The signal over time, its limits as dashed lines, what was done to the service as marks. */
export function SignalChart({ history }: { history: SignalHistory }): ReactNode {
  const box = useRef<HTMLDivElement>(null)
  const { clock } = usePreferences()
  const theme = useShownTheme()
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const chart = new uPlot(optionsOf(history, clock, element.clientWidth), dataOf(history), element)
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      chart.destroy()
    }
    // drawn anew when the theme's colours change
  }, [history, clock, theme])
  return <div ref={box} className="chart" role="img" aria-label={describe(history)} />
}

/** The chart in one sentence, for those who cannot see it. */
function describe(history: SignalHistory): string {
  const values = history.samples.flatMap(({ value }) => (value === null ? [] : [value]))
  const last = values.at(-1)
  const text = (value: number): string => numberText(value, history.unit)
  return [
    `${(history.signal ?? 'signal').replaceAll('_', ' ')} over time`,
    ...(last === undefined ? ['no values'] : [`now ${text(last)}`, `highest ${text(Math.max(...values))}`]),
    ...(history.trigger?.threshold === null || history.trigger === null
      ? []
      : [`threshold ${text(history.trigger.threshold)}`]),
    ...history.marks.map((mark) => `${mark.kind}: ${mark.label}`),
  ].join(', ')
}

function dataOf(history: SignalHistory): uPlot.AlignedData {
  const times: number[] = []
  const values: (number | null)[] = []
  const gaps = history.samples.map((sample, index) => {
    const before = history.samples[index - 1]
    return before === undefined ? 0 : Date.parse(sample.at) - Date.parse(before.at)
  })
  const usual = gaps.filter((gap) => gap > 0).toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 5_000
  for (const [index, sample] of history.samples.entries()) {
    const at = Date.parse(sample.at) / 1_000
    if ((gaps[index] ?? 0) > usual * GAP_INTERVALS) {
      times.push(at - 0.001)
      values.push(null)
    }
    times.push(at)
    values.push(sample.value)
  }
  return [times, values]
}

function optionsOf(history: SignalHistory, zone: 'utc' | 'local', width: number): uPlot.Options {
  const limits = [history.trigger?.threshold, history.recovery?.threshold].flatMap((limit) =>
    typeof limit === 'number' ? [limit] : [],
  )
  const font = `11px ${token('--font')}`
  const axis: uPlot.Axis = {
    stroke: token('--text-quiet'),
    grid: { stroke: token('--line'), width: 1 },
    ticks: { stroke: token('--line'), width: 1, size: 4 },
    font,
  }
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    padding: [14, 20, 0, 0],
    scales: {
      x: { time: true },
      y: { range: (_chart, _low, high) => [0, Math.max(high, ...limits, 0) * 1.15 || 1] },
    },
    axes: [
      {
        ...axis,
        values: (_chart, splits, _axis, _space, everySeconds) =>
          splits.map((at) => clockText(at * 1_000, zone, everySeconds < 60)),
        space: 60,
        size: 28,
      },
      {
        ...axis,
        values: (_chart, splits) => splits.map((value) => numberText(value, history.unit)),
        size: 52,
        space: 36,
      },
    ],
    series: [{}, { stroke: token('--blue'), width: 1.5, spanGaps: false, points: { show: false } }],
    hooks: {
      draw: [(chart) => drawLimits(chart, history, font), (chart) => drawMarks(chart, history, font)],
    },
  }
}

function drawLimits(chart: uPlot, history: SignalHistory, font: string): void {
  const { ctx, bbox } = chart
  const lines = [
    { limit: history.trigger, colour: token('--red'), word: 'alert' },
    { limit: history.recovery, colour: token('--green'), word: 'recovered' },
  ]
  let taken: number | null = null
  for (const { limit, colour, word } of lines) {
    if (limit === null || limit.threshold === null) continue
    const y = Math.round(chart.valToPos(limit.threshold, 'y', true))
    ctx.save()
    ctx.strokeStyle = colour
    ctx.fillStyle = colour
    ctx.lineWidth = devicePixelRatio
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio])
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
    ctx.font = scaled(font)
    ctx.textAlign = 'right'
    const near = taken !== null && Math.abs(taken - y) < 14 * devicePixelRatio
    const below = near || y < bbox.top + 16 * devicePixelRatio
    ctx.textBaseline = below ? 'top' : 'bottom'
    ctx.fillText(
      `${word} ${limit.comparison ?? ''} ${numberText(limit.threshold, history.unit)}`,
      bbox.left + bbox.width - 4 * devicePixelRatio,
      y + (below ? 3 : -2) * devicePixelRatio,
    )
    taken = y
    ctx.restore()
  }
}

const MARKS: Record<string, string> = {
  alert: '--red',
  action: '--amber',
  deploy: '--blue',
  resolved: '--green',
}

function drawMarks(chart: uPlot, history: SignalHistory, font: string): void {
  const { ctx, bbox } = chart
  let free = bbox.left
  for (const mark of history.marks.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))) {
    const x = Math.round(chart.valToPos(Date.parse(mark.at) / 1_000, 'x', true))
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    const colour = token(MARKS[mark.kind] ?? '--text-quiet')
    ctx.save()
    ctx.strokeStyle = colour
    ctx.fillStyle = colour
    ctx.lineWidth = devicePixelRatio
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    const size = 4 * devicePixelRatio
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x - size, bbox.top - size * 1.5)
    ctx.lineTo(x + size, bbox.top - size * 1.5)
    ctx.fill()
    ctx.font = scaled(font)
    const width = ctx.measureText(mark.kind).width
    if (x + 6 * devicePixelRatio >= free && x + width + 8 * devicePixelRatio < bbox.left + bbox.width) {
      ctx.textAlign = 'left'
      ctx.textBaseline = 'bottom'
      ctx.fillText(mark.kind, x + 6 * devicePixelRatio, bbox.top - 1 * devicePixelRatio)
      free = x + width + 12 * devicePixelRatio
    }
    ctx.restore()
  }
}

/** uPlot scales its own text; ours is drawn beside it. */
const scaled = (font: string): string =>
  font.replace(/^(\d+)px/, (_whole, size: string) => `${Number(size) * devicePixelRatio}px`)
