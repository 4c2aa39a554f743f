export { createEngine } from './engine.ts'
export type { EngineOptions } from './engine.ts'
export { migrateAll } from './migrate.ts'
export { CRASH_POINTS } from './model.ts'
export type {
  CrashPoint,
  EffectHooks,
  Outcome,
  Reach,
  Refused,
  WorkflowContext,
  WorkflowEngine,
  WorkflowState,
} from './model.ts'
