export type Labels = Record<string, string>

export interface Series {
  labels: Labels
  /** Oldest first. */
  samples: { at: number; value: number }[]
}

export type Matcher = (labels: Labels) => boolean

const KEEP_MS = 15 * 60_000
/** How old the newest sample of a series may be to count as present, as in Prometheus. */
const STALE_MS = 10_000

/** Samples in memory, for as long as the longest window of a runbook. */
export class SeriesStore {
  #series = new Map<string, Series>()

  add(labels: Labels, value: number, at: number): void {
    const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
    const series = this.#series.get(key) ?? { labels, samples: [] }
    this.#series.set(key, series)
    series.samples.push({ at, value })
    while ((series.samples[0]?.at ?? at) < at - KEEP_MS) series.samples.shift()
  }

  select(matches: Matcher): Series[] {
    return [...this.#series.values()].filter((series) => matches(series.labels))
  }

  instant(matches: Matcher, at: number): { labels: Labels; value: number }[] {
    return this.select(matches).flatMap((series) => {
      const last = series.samples.at(-1)
      return last === undefined || at - last.at > STALE_MS
        ? []
        : [{ labels: series.labels, value: last.value }]
    })
  }

  range(matches: Matcher, from: number): Series[] {
    return this.select(matches).map(({ labels, samples }) => ({
      labels,
      samples: samples.filter((sample) => sample.at >= from),
    }))
  }
}

/** Reads the text form of metrics: `name{label="value"} 1.5`. Lines that do not fit are left out. */
export function parseExposition(text: string): { labels: Labels; value: number }[] {
  return text.split('\n').flatMap((line) => {
    const [, name = '', inner = '', value = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line) ?? []
    if (name === '') return []
    const labels: Labels = { __name__: name }
    for (const [, key = '', text = ''] of inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) labels[key] = text.replaceAll(/\\(.)/g, '$1') // prettier-ignore
    return [{ labels, value: value === '+Inf' ? Infinity : Number(value) }]
  })
}
