import { expect, test } from 'vitest'
import { defaultDataDir } from './data-dir.ts'

test.each([
  ['ERLMCP_DATA_DIR overrides', { ERLMCP_DATA_DIR: '/srv/data', HOME: '/home/ann' }, 0, '/srv/data'],
  [
    'root has /var/lib/erlmcp, whatever its home',
    { HOME: '/root', XDG_DATA_HOME: '/root/x' },
    0,
    '/var/lib/erlmcp',
  ],
  [
    'a user has the data folder of the desktop standard',
    { HOME: '/home/ann' },
    1000,
    '/home/ann/.local/share/erlmcp',
  ],
  ['XDG_DATA_HOME moves it', { HOME: '/home/ann', XDG_DATA_HOME: '/data' }, 1000, '/data/erlmcp'],
  [
    'an empty or relative XDG_DATA_HOME counts for nothing',
    { HOME: '/home/ann', XDG_DATA_HOME: '' },
    1000,
    '/home/ann/.local/share/erlmcp',
  ],
])('%s', (_name, env, uid, expected) => {
  expect(defaultDataDir(env, uid)).toBe(expected)
})
