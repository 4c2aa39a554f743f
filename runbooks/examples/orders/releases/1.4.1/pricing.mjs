export const VERSION = '1.4.1'

const RATES = { EUR: 1, USD: 1.08, GBP: 0.86, JPY: 163.4 }
const CURRENCIES = Object.keys(RATES)

/** Price of an order in its currency. */
export function priceOf(order) {
  const currency = CURRENCIES[order % CURRENCIES.length]
  return Math.round((10 + (order % 90)) * RATES[currency] * 100) / 100
}
