/** "4 min 20 s", "1 h 5 min"; seconds as the API counts them. */
export function lengthText(seconds: number | null): string {
  if (seconds === null) return 'not yet'
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
}

/** "person:ada" and "ada" are the same to a reader. */
export const ownerText = (owner: string | null): string => owner?.replace(/^person:/, '') ?? 'nobody yet'
