import type { Circumstances, Policy } from '../access/index.ts'
import type { Places } from '../rollout/index.ts'
import type { WindowPart } from './plan.ts'

/** What the policy is asked about a window: each of its services, where it runs. */
export function placesOf(
  policy: Policy | undefined,
  services: readonly string[],
  parts: readonly Pick<WindowPart, 'service' | 'context' | 'namespace'>[],
): Places {
  const rules = policy === undefined ? {} : { policy }
  const [first = rules, ...more] = services.map((service): Circumstances => {
    const part = parts.find((each) => each.service === service)
    const target = part && {
      kind: 'kubernetes' as const,
      context: part.context ?? '',
      namespace: part.namespace,
    }
    return { ...rules, labels: { service }, ...(target === undefined ? {} : { target }) }
  })
  return [first, ...more]
}
