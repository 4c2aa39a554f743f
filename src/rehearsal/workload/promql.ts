import { parser } from '@prometheus-io/lezer-promql'
import type { Labels, Matcher, SeriesStore } from './series.ts'

type SyntaxNode = ReturnType<typeof parser.parse>['topNode']

export interface Sample {
  labels: Labels
  value: number
}

export type Value = number | Sample[]

interface Scope {
  text: string
  store: SeriesStore
  now: number
}

/** What this evaluator does not know; the real program knows more. */
export class UnsupportedQuery extends Error {}

/**
 * Evaluates the PromQL that the runbooks use: selectors, rate, increase, the `_over_time` family, aggregations with
 * `by` and `without`, histogram_quantile, arithmetic and comparisons over equal label sets.
 */
export function evaluate(text: string, store: SeriesStore, now: number): Value {
  const tree = parser.parse(text)
  const root = tree.topNode.firstChild
  if (root === null) throw new UnsupportedQuery('the query is empty')
  return evalNode({ text, store, now }, root)
}

function evalNode(scope: Scope, node: SyntaxNode): Value {
  switch (node.name) {
    case 'NumberDurationLiteral':
      return Number(textOf(scope, node))
    case 'ParenExpr':
      return evalNode(scope, childOf(node))
    case 'UnaryExpr': {
      const value = evalNode(scope, childOf(node, 1))
      return textOf(scope, node).startsWith('-') ? each(value, (number) => -number) : value
    }
    case 'VectorSelector':
      return scope.store
        .instant(matcherOf(scope, node), scope.now)
        .map(({ labels, value }) => ({ labels, value }))
    case 'FunctionCall':
      return call(scope, node)
    case 'AggregateExpr':
      return aggregate(scope, node)
    case 'BinaryExpr':
      return binary(scope, node)
    default:
      throw new UnsupportedQuery(`${node.name} at ${node.from}: ${textOf(scope, node)}`)
  }
}

const textOf = (scope: Scope, node: SyntaxNode): string => scope.text.slice(node.from, node.to)

function children(node: SyntaxNode): SyntaxNode[] {
  const list: SyntaxNode[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) list.push(child)
  return list
}

function childOf(node: SyntaxNode, index = 0): SyntaxNode {
  const child = children(node)[index]
  if (child === undefined) throw new UnsupportedQuery(`${node.name} is incomplete`)
  return child
}

function matcherOf(scope: Scope, node: SyntaxNode): Matcher {
  const tests: Matcher[] = []
  const name = node.getChild('Identifier')
  if (name !== null) tests.push((labels) => labels['__name__'] === textOf(scope, name))
  for (const matcher of node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
    const [label = '', operator = '', quoted = '""'] = children(matcher).map((part) => textOf(scope, part))
    const wanted = quoted.slice(1, -1).replaceAll(String.raw`\\`, '\\')
    const pattern = operator.includes('~') ? new RegExp(`^(?:${wanted})$`) : null
    tests.push((labels) => {
      const value = labels[label] ?? ''
      return (pattern === null ? value === wanted : pattern.test(value)) !== operator.startsWith('!')
    })
  }
  return (labels) => tests.every((test) => test(labels))
}

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function durationMs(text: string): number {
  return [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0) // prettier-ignore
}

const OVER_TIME: Record<string, (values: number[]) => number> = {
  avg_over_time: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  max_over_time: (values) => Math.max(...values),
  min_over_time: (values) => Math.min(...values),
  sum_over_time: (values) => values.reduce((sum, value) => sum + value, 0),
  count_over_time: (values) => values.length,
  last_over_time: (values) => values.at(-1) ?? 0,
}

function call(scope: Scope, node: SyntaxNode): Value {
  const name = textOf(scope, childOf(node))
  const args = children(childOf(node, 1))
  const [first, second] = args
  if (first === undefined) throw new UnsupportedQuery(`${name} needs an argument`)
  if (first.name === 'MatrixSelector') return overRange(scope, name, first)
  if (name === 'histogram_quantile' && second !== undefined) {
    return quantile(evalNode(scope, first), vector(evalNode(scope, second)))
  }
  const value = evalNode(scope, first)
  if (name === 'absent') return vector(value).length === 0 ? [{ labels: {}, value: 1 }] : []
  if (name === 'scalar') return vector(value)[0]?.value ?? Number.NaN
  if (name === 'vector') return [{ labels: {}, value: Number(value) }]
  if (name === 'abs' || name === 'ceil' || name === 'floor') return each(value, Math[name])
  throw new UnsupportedQuery(`the function ${name} is not known here`)
}

function overRange(scope: Scope, name: string, node: SyntaxNode): Sample[] {
  const windowMs = durationMs(textOf(scope, childOf(node, 1)))
  const found = scope.store.range(matcherOf(scope, childOf(node)), scope.now - windowMs)
  return found.flatMap(({ labels, samples }) => {
    const { __name__: _name, ...rest } = labels
    const reduce = OVER_TIME[name]
    if (reduce !== undefined) return samples.length === 0 ? [] : [{ labels: rest, value: reduce(samples.map((sample) => sample.value)) }] // prettier-ignore
    const [first] = samples
    const last = samples.at(-1)
    if (first === undefined || last === undefined || first === last) return []
    if (name !== 'rate' && name !== 'increase' && name !== 'irate') throw new UnsupportedQuery(`the function ${name} is not known here`)
    // a counter that starts anew counts from zero
    const grown = samples.reduce((sum, sample, index) => {
      const before = samples[index - 1]
      if (before === undefined) return sum
      return sum + (sample.value < before.value ? sample.value : sample.value - before.value)
    }, 0)
    const perSecond = grown / ((last.at - first.at) / 1_000)
    return [{ labels: rest, value: name === 'increase' ? perSecond * (windowMs / 1_000) : perSecond }]
  }) // prettier-ignore
}

const AGGREGATES: Record<string, (values: number[]) => number> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  avg: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
  count: (values) => values.length,
}

function aggregate(scope: Scope, node: SyntaxNode): Sample[] {
  const name = textOf(scope, childOf(node))
  const reduce = AGGREGATES[name]
  const body = node.getChild('FunctionCallBody')
  if (reduce === undefined || body === null) throw new UnsupportedQuery(`the aggregation ${name} is not known here`)
  const modifier = node.getChild('AggregateModifier')
  const names = modifier?.getChild('GroupingLabels')?.getChildren('LabelName').map((label) => textOf(scope, label)) ?? []
  const without = modifier !== null && textOf(scope, modifier).startsWith('without')
  const groups = new Map<string, { labels: Labels; values: number[] }>()
  for (const { labels, value } of vector(evalNode(scope, childOf(body)))) {
    const kept = Object.fromEntries(Object.entries(labels).filter(([key]) => key !== '__name__' && names.includes(key) !== without && (without || modifier !== null))) // prettier-ignore
    const key = keyOf(kept)
    const group = groups.get(key) ?? { labels: kept, values: [] }
    groups.set(key, group)
    group.values.push(value)
  }
  return [...groups.values()].map(({ labels, values }) => ({ labels, value: reduce(values) }))
} // prettier-ignore

const ARITHMETIC: Record<string, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
}
const COMPARE: Record<string, (a: number, b: number) => boolean> = {
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
}

function binary(scope: Scope, node: SyntaxNode): Value {
  const parts = children(node)
  const [left, operator] = parts
  const right = parts.at(-1)
  if (left === undefined || operator === undefined || right === undefined) throw new UnsupportedQuery('half an expression')
  const symbol = textOf(scope, operator)
  const [a, b] = [evalNode(scope, left), evalNode(scope, right)]
  const key = matchingKey(scope, node)
  if (symbol === 'or' || symbol === 'and' || symbol === 'unless') return bySet(symbol, vector(a), vector(b), key)
  const work = ARITHMETIC[symbol]
  const test = COMPARE[symbol]
  if (work === undefined && test === undefined) throw new UnsupportedQuery(`the operator ${symbol} is not known here`)
  if (typeof a === 'number' && typeof b === 'number') return work === undefined ? Number(test?.(a, b)) : work(a, b)
  const pairs = pair(a, b, key)
  if (work !== undefined) return pairs.map(({ sample, x, y }) => ({ labels: bare(sample), value: work(x, y) }))
  return pairs.filter(({ x, y }) => test?.(x, y) === true).map(({ sample }) => sample)
} // prettier-ignore

/** By which labels two sides are matched: all, or those that `on` names, or all but those that `ignoring` names. */
function matchingKey(scope: Scope, node: SyntaxNode): (sample: Sample) => string {
  const clause = node.getChild('MatchingModifierClause')
  if (clause === null) return (sample) => keyOf(bare(sample))
  const names = clause.getChild('GroupingLabels')?.getChildren('LabelName').map((label) => textOf(scope, label)) ?? []
  const on = textOf(scope, clause).startsWith('on')
  return (sample) => keyOf(Object.fromEntries(Object.entries(bare(sample)).filter(([label]) => names.includes(label) === on)))
} // prettier-ignore

function bySet(
  symbol: 'or' | 'and' | 'unless',
  left: readonly Sample[],
  right: readonly Sample[],
  key: (sample: Sample) => string,
): Sample[] {
  const keys = (samples: readonly Sample[]): Set<string> => new Set(samples.map(key))
  if (symbol === 'or') {
    const known = keys(left)
    return [...left, ...right.filter((sample) => !known.has(key(sample)))]
  }
  const others = keys(right)
  return left.filter((sample) => others.has(key(sample)) === (symbol === 'and'))
}

/** Puts samples that match together; a number goes with every sample. */
function pair(
  a: Value,
  b: Value,
  key: (sample: Sample) => string,
): { sample: Sample; x: number; y: number }[] {
  if (typeof a === 'number') return vector(b).map((sample) => ({ sample, x: a, y: sample.value }))
  if (typeof b === 'number') return a.map((sample) => ({ sample, x: sample.value, y: b }))
  const right = new Map(b.map((sample) => [key(sample), sample.value]))
  return a.flatMap((sample) => {
    const y = right.get(key(sample))
    return y === undefined ? [] : [{ sample, x: sample.value, y }]
  })
}

/** Linear between the bounds of the bucket in which the quantile lies. */
function quantile(level: Value, buckets: readonly Sample[]): Sample[] {
  const groups = new Map<string, { labels: Labels; list: { bound: number; count: number }[] }>()
  for (const { labels, value } of buckets) {
    const { le = '', __name__: _name, ...rest } = labels
    const group = groups.get(keyOf(rest)) ?? { labels: rest, list: [] }
    groups.set(keyOf(rest), group)
    group.list.push({ bound: le === '+Inf' ? Infinity : Number(le), count: value })
  }
  return [...groups.values()].map(({ labels, list }) => {
    const sorted = list.sort((x, y) => x.bound - y.bound)
    const rank = Number(level) * (sorted.at(-1)?.count ?? 0)
    const index = sorted.findIndex((bucket) => bucket.count >= rank)
    const bucket = sorted[index]
    const below = sorted[index - 1] ?? { bound: 0, count: 0 }
    if (bucket === undefined || rank === 0) return { labels, value: Number.NaN }
    if (bucket.bound === Infinity) return { labels, value: below.bound }
    const inside = (rank - below.count) / (bucket.count - below.count || 1)
    return { labels, value: below.bound + (bucket.bound - below.bound) * inside }
  })
}

function vector(value: Value): Sample[] {
  return typeof value === 'number' ? [{ labels: {}, value }] : value
}

function each(value: Value, work: (number: number) => number): Value {
  if (typeof value === 'number') return work(value)
  return value.map((sample) => ({ labels: bare(sample), value: work(sample.value) }))
}

function bare({ labels }: Sample): Labels {
  const { __name__: _name, ...rest } = labels
  return rest
}

const keyOf = (labels: Labels): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
