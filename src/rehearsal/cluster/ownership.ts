import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../../base/error.ts'
import { startTimeOf } from './kubelet/processes.ts'

/** Marks the data folder as this process's own. @throws AppError data_locked when a living sandbox has it */
export function takeOwnership(dataDir: string): () => void {
  const file = path.join(dataDir, 'owner')
  if (existsSync(file)) {
    const [pid = '', started = ''] = readFileSync(file, 'utf8').trim().split(' ')
    if (started !== '' && startTimeOf(Number(pid)) === started) {
      throw new AppError('data_locked', `a sandbox already runs in ${dataDir} (process ${pid})`, {
        action: 'Use that one, stop it first, or give this one another folder.',
      })
    }
  }
  writeFileSync(file, `${process.pid} ${startTimeOf(process.pid) ?? ''}\n`)
  return () => rmSync(file, { force: true })
}
