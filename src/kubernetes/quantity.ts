const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
} // prettier-ignore

/** A quantity of the API (`250m`, `1.5Gi`, `1e3`) as a number of cores, bytes or things; `null`: none. */
export function quantityOf(text: string | number | undefined | null): number | null {
  if (typeof text === 'number') return text
  const found = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(n|u|m|k|Ki|Mi|Gi|Ti|Pi|Ei|M|G|T|P|E)?$/.exec(
    text ?? '',
  )
  const factor = FACTORS[found?.[2] ?? '']
  return found === null || factor === undefined ? null : Number(found[1]) * factor
}

/** `250m`, `1.5`: cores in the words of the API, rounded up to a thousandth. */
export function coresText(cores: number): string {
  const milli = Math.ceil(cores * 1_000 - 1e-6)
  return milli % 1_000 === 0 ? String(milli / 1_000) : `${milli}m`
}

/** `128Mi`, `2Gi`: bytes in the words of the API, rounded up to a mebibyte. */
export function bytesText(bytes: number): string {
  const mebi = Math.ceil(bytes / 2 ** 20 - 1e-6)
  return mebi > 0 && mebi % 1_024 === 0 ? `${mebi / 1_024}Gi` : `${mebi}Mi`
}
