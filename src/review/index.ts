export { gatherFacts } from './facts.ts'
export type { ReviewFacts } from './facts.ts'
export { duration, writeReview } from './write.ts'
