export { executeBash } from './executors/bash.ts'
export type { BashDeps } from './executors/bash.ts'
export { OUTPUT_STREAMS } from './model.ts'
export type {
  ExecuteRequest,
  ExecutionLimits,
  OutputSink,
  OutputStream,
  StartedProcess,
  StepOutcome,
  StepResult,
} from './model.ts'
export { killLeftover } from './orphans.ts'
export type { Leftover, LeftoverReport } from './orphans.ts'
export { createOutputStore } from './output.ts'
export type { OutputChunk, OutputPage, OutputStore } from './output.ts'
export { createGuard } from './executors/guard.ts'
export type { Guard } from './executors/guard.ts'
