export { OPERATION_NAMES, OPERATIONS } from './catalogue.ts'
export type { InputOf, Operation, OperationName } from './catalogue.ts'
export type { OperationDeps } from './deps.ts'
export { invoke } from './invoke.ts'
