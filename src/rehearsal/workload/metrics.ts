/** The numbers of the service, in the text form that Prometheus scrapes. */
export class Metrics {
  #counters = new Map<string, number>()
  #buckets = new Map<number, number>()
  #sum = 0
  #count = 0

  count(name: string, labels: Record<string, string>, by = 1): void {
    const key = `${name}${labelText(labels)}`
    this.#counters.set(key, (this.#counters.get(key) ?? 0) + by)
  }

  observe(seconds: number): void {
    this.#sum += seconds
    this.#count += 1
    for (const limit of BUCKETS)
      if (seconds <= limit) this.#buckets.set(limit, (this.#buckets.get(limit) ?? 0) + 1)
  }

  text(gauges: Record<string, number>): string {
    const name = 'http_request_duration_seconds'
    return [
      '# TYPE http_requests_total counter',
      ...[...this.#counters].map(([key, value]) => `${key} ${value}`),
      `# TYPE ${name} histogram`,
      ...BUCKETS.map((limit) => `${name}_bucket{le="${limit}"} ${this.#buckets.get(limit) ?? 0}`),
      `${name}_bucket{le="+Inf"} ${this.#count}`,
      `${name}_sum ${this.#sum.toFixed(6)}`,
      `${name}_count ${this.#count}`,
      ...Object.entries(gauges).flatMap(([key, value], index, all) => {
        const [metric] = key.split('{')
        const begun = all[index - 1]?.[0].split('{')[0] === metric
        return [...(begun ? [] : [`# TYPE ${metric} ${kindOf(key)}`]), `${key} ${value}`]
      }),
      '',
    ].join('\n')
  } // prettier-ignore
}

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const kindOf = (key: string): string => (/_total(?:\{|$)/.test(key) ? 'counter' : 'gauge')

const labelText = (labels: Record<string, string>): string =>
  `{${Object.entries(labels).map(([key, value]) => `${key}="${value}"`).join(',')}}` // prettier-ignore
