/** How often a window comes back. */
export const REPEATS = ['never', 'daily', 'weekly', 'monthly'] as const
/** `selector`: the Services in front get a selector that no pod has; `none`: traffic stays. */
export const DRAINS = ['selector', 'none'] as const
/** `freeze`: a time in which nothing is deployed. */
export const WINDOW_KINDS = ['maintenance', 'freeze'] as const
