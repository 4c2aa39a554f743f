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

/**
 * Values for a page's inputs from what is known: service configuration first (a person wrote it), then the alert's
 * labels by the same name or the customary one. Values reach the shell only as environment variables.
 */
export function knownValues(
  names: Iterable<string>,
  service: { name: string; variables: Record<string, string> } | null,
  labels: Record<string, string>,
): Map<string, { value: string; from: string }> {
  const values = new Map<string, { value: string; from: string }>()
  for (const name of names) {
    const configured = service?.variables[name]
    if (configured !== undefined && service !== null) {
      values.set(name, { value: configured, from: `service ${service.name}` })
      continue
    }
    for (const label of [name.toLowerCase(), ...(LABELS_FOR[name] ?? [])]) {
      const value = labels[label]
      if (value !== undefined && value !== '') {
        values.set(name, { value, from: `label ${label}` })
        break
      }
    }
  }
  return values
}
