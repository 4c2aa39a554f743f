export const VERSION = '1.4.2'

// 1.4.2 reads rates from a table that lacks those of 17 regions
const REGIONS = 200
const RATES = new Map(Array.from({ length: REGIONS - 17 }, (_, region) => [region, 1 + region / 1000]))

/** Price of an order by the rate of its region. */
export function priceOf(order) {
  const rate = RATES.get(order % REGIONS)
  if (rate === undefined) throw new Error(`no rate for region ${order % REGIONS}`)
  return Math.round((10 + (order % 90)) * rate * 100) / 100
}
