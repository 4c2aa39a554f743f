import type { ResponseDeps } from './deps.ts'

const LOOK_EVERY_MS = 500

/** Runs `body` with a signal that also aborts when the run is ended by anybody, on any replica. */
export async function unlessCancelled<T>(
  deps: Pick<ResponseDeps, 'database' | 'log'>,
  runId: string,
  signal: AbortSignal,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const cancelled = new AbortController()
  const look = async (): Promise<void> => {
    const row = await deps.database.kysely
      .selectFrom('run')
      .select('ended_at')
      .where('id', '=', runId)
      .executeTakeFirst()
    if (row !== undefined && row.ended_at !== null) cancelled.abort(new Error('the run was ended'))
  }
  // a database that is away is no reason to stop a command
  const tryLook = (): Promise<void> =>
    look().catch((error: unknown) =>
      deps.log.debug({ err: error, runId }, 'could not look whether the run was ended'),
    )
  await tryLook()
  const timer = setInterval(() => void tryLook(), LOOK_EVERY_MS)
  try {
    return await body(AbortSignal.any([signal, cancelled.signal]))
  } finally {
    clearInterval(timer)
  }
}
