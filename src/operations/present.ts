type CamelKey<Key extends string> = Key extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelKey<Tail>>}`
  : Key

/** A row as the API shows it: the same values under camelCase names; what is inside a JSON column stays as it is. */
export function present<Row extends Record<string, unknown>>(
  row: Row,
): { [Key in keyof Row & string as CamelKey<Key>]: Row[Key] } {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key.replaceAll(/_([a-z])/g, (_whole, letter: string) => letter.toUpperCase()),
      value,
    ]),
  ) as { [Key in keyof Row & string as CamelKey<Key>]: Row[Key] }
}
