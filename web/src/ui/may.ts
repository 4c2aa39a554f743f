import type { Change, Desk } from '../api/model.ts'
import { useData } from '../live/data.ts'

export const never = (): boolean => false
export const ofIncidents = (change: Change): boolean => change.topic === 'incident'

/** Whether whoever looks may do something of this kind; the server decides again when it is done. */
export function useMay(need: 'propose' | 'respond' | 'lead' | 'administer'): boolean {
  return useData<Desk>('/desk', never).value?.you.may.includes(need) === true
}

/** Who looks: `person:ada`. */
export const useYou = (): string => useData<Desk>('/desk', never).value?.you.id ?? ''
