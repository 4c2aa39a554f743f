import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventParser } from './connection.ts'

interface Heard {
  name: string
  id: string | null
  data: string
}

function hear(pieces: readonly string[]): Heard[] {
  const heard: Heard[] = []
  const parser = new EventParser((event) => heard.push(event))
  for (const piece of pieces) parser.push(piece)
  return heard
}

test('an event is heard whole, with its id and its lines of data', () => {
  expect(hear(['id: 7\nevent: change\ndata: [1]\ndata: [2]\n\n', ': a comment\n\n'])).toEqual([
    { name: 'change', id: '7', data: '[1]\n[2]' },
  ])
})

test('events are the same in whatever pieces they come', () => {
  const event = fc.record({
    id: fc.option(fc.integer({ min: 1, max: 9 }).map(String)),
    name: fc.constantFrom('change', 'beat', 'reset'),
    data: fc.jsonValue().map((value) => JSON.stringify(value)),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 5 }), fc.array(fc.nat({ max: 400 })), (events, cuts) => {
      const text = events
        .map(({ id, name, data }) => `${id === null ? '' : `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`)
        .join('')
      const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)), text.length].toSorted(
        (a, b) => a - b,
      )
      const pieces = places.slice(1).map((place, index) => text.slice(places[index], place))
      expect(hear(pieces)).toEqual(events)
    }),
  )
})
