/** What an operation needs of the one who asks for it. */
export const NEEDS = ['look', 'propose', 'respond', 'lead', 'administer'] as const
export type Need = (typeof NEEDS)[number]
