import { expect, test } from 'vitest'
import { AppError } from '../base/error.ts'
import { GroupCommit } from './group-commit.ts'

/** Writes of which a test decides when and how they end. */
function desk(change: { maxItems?: number; maxWeight?: number; maxWaitingWeight?: number } = {}) {
  const groups: string[][] = []
  const ends: ((error?: Error) => void)[] = []
  const commit = new GroupCommit<string, string>({
    maxItems: 10,
    maxWeight: 100,
    maxWaitingWeight: 1_000,
    writers: 1,
    ...change,
    weigh: (item) => item.length,
    write: (group) =>
      new Promise((resolve, reject) => {
        groups.push([...group])
        ends.push((error) => (error === undefined ? resolve(group.map((item) => `${item}!`)) : reject(error)))
      }),
  })
  const turn = async (): Promise<void> => {
    for (let times = 0; times < 5; times += 1) await new Promise((resolve) => setImmediate(resolve))
  }
  return { commit, groups, turn, end: (error?: Error) => ends.shift()?.(error) }
}

test('what comes while a group is being written shares the next one, and each gets its own answer', async () => {
  const { commit, groups, turn, end } = desk()
  const first = commit.add('a')
  await turn()
  const others = [commit.add('b'), commit.add('c')]
  await turn()
  expect(groups).toEqual([['a']])
  end()
  expect(await first).toBe('a!')
  await turn()
  expect(groups).toEqual([['a'], ['b', 'c']])
  end()
  expect(await Promise.all(others)).toEqual(['b!', 'c!'])
})

test('nobody is answered before the write has ended', async () => {
  const { commit, turn, end } = desk()
  let answered = false
  const added = commit.add('a').then(() => (answered = true))
  await turn()
  expect(answered).toBe(false)
  end()
  await added
  expect(answered).toBe(true)
})

test('a group that fails is written one by one, so that only the bad one is refused', async () => {
  const { commit, groups, turn, end } = desk()
  const added = Promise.allSettled([commit.add('good'), commit.add('bad')])
  await turn()
  end(new Error('bad value'))
  await turn()
  end()
  await turn()
  end(new Error('bad value'))
  expect((await added).map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(groups).toEqual([['good', 'bad'], ['good'], ['bad']])
})

test('a group is bounded by count and by weight, but one heavy item passes alone', async () => {
  const { commit, groups, turn, end } = desk({ maxItems: 2, maxWeight: 4 })
  const added = ['aaaaaa', 'b', 'c', 'd'].map((item) => commit.add(item))
  for (let times = 0; times < 4; times += 1) {
    await turn()
    end()
  }
  await Promise.all(added)
  expect(groups).toEqual([['aaaaaa'], ['b', 'c'], ['d']])
})

test('more than may wait is refused as unavailable, never kept in memory', async () => {
  const { commit, turn, end } = desk({ maxWaitingWeight: 3 })
  const first = commit.add('abc')
  expect(commit.isFull).toBe(true)
  await expect(commit.add('d')).rejects.toBeInstanceOf(AppError)
  await turn()
  expect(commit.isFull).toBe(false)
  end()
  await first
  await commit.drained()
})
