const SUFFIXES: Record<string, number> = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
} // prettier-ignore

/** `250m`, `1.5Gi`, `2e3` as a number of cores or bytes; `null` for anything else. */
export function parseQuantity(text: unknown): number | null {
  const match = /^([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(String(text))
  if (match === null) return null
  return Number(match[1]) * (SUFFIXES[match[2] ?? ''] ?? 1)
}

/** A missing or unreadable quantity counts as nothing. */
export const quantity = (text: unknown): number => parseQuantity(text) ?? 0

export const milliCores = (cores: number): string => `${Math.round(cores * 1_000)}m`
export const kibiBytes = (bytes: number): string => `${Math.round(bytes / 1_024)}Ki`
