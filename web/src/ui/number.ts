import type { SignalHistory } from '../api/model.ts'

/** A value with its unit as people read it: 0.085 as a ratio is "8.5 %". */
export function numberText(value: number, unit: SignalHistory['unit']): string {
  switch (unit) {
    case 'ratio': {
      const percent = value * 100
      return `${percent >= 10 || Number.isInteger(percent) ? percent.toFixed(0) : percent.toFixed(1)} %`
    }
    case 'seconds':
      return value < 1 ? `${Math.round(value * 1_000)} ms` : `${value.toFixed(value < 10 ? 1 : 0)} s`
    case 'bytes':
      return value >= 1_073_741_824
        ? `${(value / 1_073_741_824).toFixed(1)} GiB`
        : `${(value / 1_048_576).toFixed(0)} MiB`
    default:
      return value.toLocaleString('en', { maximumFractionDigits: 2 })
  }
}
