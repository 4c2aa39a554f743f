export { fileCredentials, tokenCredentials } from './credentials.ts'
export type { Credentials } from './credentials.ts'
export { listGroup } from './reconcile.ts'
export { KnownEpisodes } from './known.ts'
export { readJsonBody } from './json.ts'
export { fingerprintOf } from './fingerprint.ts'
export { episodeKey } from './model.ts'
export type { AlertBatch, Delivery, EpisodeAlert, ReceivedAlert, Truncation } from './model.ts'
export { readBatch, readAlertmanagerWebhook } from './sources/index.ts'
export type { AlertFormat } from './sources/index.ts'
export {
  bindEpisodes,
  holdEpisodes,
  keyOf,
  settleStarts,
  storeDeliveries,
  writeEpisodes,
  writeSightings,
} from './store.ts'
export type { Before, Placed } from './store.ts'
