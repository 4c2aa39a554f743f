import { defineConfig } from 'vitest/config'

const project = (name: string, include: string[], timeoutMs: number, parallel: boolean) => ({
  test: {
    name,
    include,
    environment: 'node' as const,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    fileParallelism: parallel,
  },
})

export default defineConfig({
  test: {
    projects: [
      project('unit', ['src/**/*.test.ts'], 20_000, true),
      project('architecture', ['test/architecture/**/*.test.ts'], 20_000, true),
      project('integration', ['test/integration/**/*.test.ts'], 60_000, false),
      project('recovery', ['test/recovery/**/*.test.ts'], 300_000, false),
      project('e2e', ['test/e2e/**/*.test.ts'], 300_000, false),
    ],
  },
})
