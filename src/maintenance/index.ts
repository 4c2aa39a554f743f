export { announce } from './announce.ts'
export { maintenanceCalendar } from './calendar.ts'
export { carryOutWindow, END_TOPIC, MAINTENANCE_WORKFLOW, subjectOf } from './carry-out.ts'
export type { MaintenanceDeps } from './command.ts'
export { AFTER, BEFORE, checklist, further, missing } from './checklist.ts'
export type { Fact, Item, Tick } from './checklist.ts'
export { judgeGate } from './gate.ts'
export { occurrenceAt, occurrencesBetween } from './occurrence.ts'
export type { Occurrence, Schedule } from './occurrence.ts'
export { placesOf } from './places.ts'
export { planWindow } from './plan.ts'
export type { Drain, WindowPlan } from './plan.ts'
export {
  findWindow,
  freezesOf,
  lastSession,
  liveWindows,
  maintenanceOf,
  overlapsOf,
  scheduleOf,
  windowName,
} from './store.ts'
export type { Session, WindowRow } from './store.ts'
