import { defineConfig } from 'vitest/config'

const project = (name: string, include: string[], timeoutMs: number, options: { database: boolean }) => ({
  test: {
    name,
    include,
    environment: 'node' as const,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    // real processes wait more than they work, and more than two at a time wait for each other
    ...(options.database ? { maxWorkers: 2 } : {}),
    // what needs no process leaves nothing behind; loading the modules again for each file took four fifths of the time
    isolate: options.database,
    sequence: { groupOrder: options.database ? 1 : 0 },
    // real processes on a busy machine: a second try tells a slow machine from a fault; the report shows both
    retry: options.database ? 2 : 0,
    ...(options.database ? { globalSetup: ['test/support/server.ts'] } : {}),
  },
})

export default defineConfig({
  test: {
    projects: [
      project('unit', ['src/**/*.test.ts', 'web/src/**/*.test.ts'], 20_000, { database: false }),
      project('conformance', ['test/conformance/**/*.test.ts'], 120_000, { database: false }),
      project('architecture', ['test/architecture/**/*.test.ts'], 20_000, { database: false }),
      project('integration', ['test/integration/**/*.test.ts'], 60_000, { database: true }),
      project('recovery', ['test/recovery/**/*.test.ts'], 300_000, { database: true }),
      project('e2e', ['test/e2e/**/*.test.ts'], 300_000, { database: true }),
    ],
  },
})
