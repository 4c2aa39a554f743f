/** Labels that customarily carry what a page calls by another name. */
const LABELS_FOR: Record<string, readonly string[]> = {
  POD_NAME: ['pod', 'pod_name'],
  POD: ['pod'],
  NAMESPACE: ['namespace', 'exported_namespace'],
  NODE_NAME: ['node', 'instance'],
  NODE: ['node'],
  CONTAINER_NAME: ['container'],
  CLUSTER_NAME: ['cluster'],
  DEPLOYMENT_NAME: ['deployment'],
  SERVICE_NAME: ['service'],
  JOB_NAME: ['job_name', 'job'],
  INSTANCE_NAME: ['instance'],
}

/** How a page declares an input: its default, and what a value has to be. */
export interface InputRule {
  name: string
  default: string | null
  choices: readonly string[]
  /** A regular expression that the value has to match as a whole. */
  pattern: string | null
}

export interface KnownValue {
  value: string
  /** `service orders`, `label pod`, `default of the page`. */
  from: string
}

/**
 * Values for a page's inputs from what is known: service configuration first (a person wrote it), then the alert's
 * labels by the same name or the customary one, then the page's default. A value that the page's own rule does not
 * allow counts as not known. Values reach the shell only as environment variables.
 */
export function knownValues(
  names: Iterable<string>,
  service: { name: string; variables: Record<string, string> } | null,
  labels: Record<string, string>,
  rules: readonly InputRule[] = [],
): Map<string, KnownValue> {
  const values = new Map<string, KnownValue>()
  for (const name of names) {
    const rule = rules.find((candidate) => candidate.name === name)
    const found = candidates(name, service, labels, rule).find(({ value }) => allows(rule, value))
    if (found !== undefined) values.set(name, found)
  }
  return values
}

function candidates(
  name: string,
  service: { name: string; variables: Record<string, string> } | null,
  labels: Record<string, string>,
  rule: InputRule | undefined,
): KnownValue[] {
  const found: KnownValue[] = []
  const configured = service?.variables[name]
  if (service !== null && configured !== undefined)
    found.push({ value: configured, from: `service ${service.name}` })
  for (const label of [name.toLowerCase(), ...(LABELS_FOR[name] ?? [])]) {
    const value = labels[label]
    if (value !== undefined && value !== '') found.push({ value, from: `label ${label}` })
  }
  if (rule !== undefined && rule.default !== null)
    found.push({ value: rule.default, from: 'default of the page' })
  return found
}

/** Whether the page's rule for an input allows a value; without a rule every value is. */
export function allows(rule: InputRule | undefined, value: string): boolean {
  if (rule === undefined) return true
  if (rule.choices.length > 0 && !rule.choices.includes(value)) return false
  if (rule.pattern === null) return true
  // a pattern that is no regular expression allows nothing: better no value than an unchecked one
  try {
    return new RegExp(`^(?:${rule.pattern})$`).test(value.slice(0, 1_000))
  } catch {
    return false
  }
}
