export { createEngine, ENGINE_VERSION } from './engine.ts'
export type { EngineOptions } from './engine.ts'
export { migrateAll } from './migrate.ts'
export { CRASH_POINTS } from './model.ts'
export type {
  CrashPoint,
  EffectHooks,
  Outcome,
  Refused,
  WorkflowContext,
  WorkflowEngine,
  WorkflowState,
} from './model.ts'
