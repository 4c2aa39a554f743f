import { CERTAINTIES } from './model.ts'
import type { Facts, Finding, Symptom } from './model.ts'
import { causeOf } from './causes.ts'
import { containerFindings, finding, nodeFindings, podEndFindings } from './containers.ts'
import { databaseFindings, logFindings } from './database.ts'
import { loadFindings } from './load.ts'
import { serviceFindings } from './network.ts'
import { creationFindings, replicaFindings, rolloutFindings, schedulingFindings } from './workload.ts'

/**
 * The causes of a symptom that the facts show, the likeliest root first. Pure: the same facts give the same findings.
 * A finding that only repeats another (a stuck rollout beside the image that cannot be pulled) stands below it.
 */
export function judgeSymptom(symptom: Symptom, facts: Facts): Finding[] {
  const all = [
    ...missing(facts),
    ...rolloutFindings(facts),
    ...creationFindings(facts),
    ...schedulingFindings(facts.pods),
    ...containerFindings(facts, facts.pods),
    ...podEndFindings(facts, facts.pods),
    ...nodeFindings(facts, [...facts.pods, ...facts.databasePods]),
    ...serviceFindings(facts),
    ...databaseFindings(facts),
    ...logFindings(facts),
    ...loadFindings(facts),
    ...replicaFindings(facts),
  ]
  const wanted = all.filter(({ cause }) => causeOf(cause).symptoms.includes(symptom))
  return merge(wanted).toSorted((a, b) => rank(b) - rank(a) || (a.about < b.about ? -1 : 1))
}

function missing({ deployment, pods, workload, snapshot }: Facts): Finding[] {
  if (deployment !== null || pods.length > 0 || !snapshot.deployments.read || !snapshot.pods.read) return []
  return [finding('workload-missing', 'certain', `workload/${workload}`, ['neither a Deployment nor a pod of that name'])] // prettier-ignore
}

const rank = ({ cause, certainty }: Finding): number =>
  causeOf(cause).weight * 10 - CERTAINTIES.indexOf(certainty) * 25

/** The same cause in several pods of one workload is one finding. */
function merge(findings: readonly Finding[]): Finding[] {
  const merged = new Map<string, Finding & { more: string[] }>()
  for (const each of findings) {
    const key = `${each.cause} ${each.about.split('/')[0] ?? ''}`
    const first = merged.get(key)
    if (first === undefined) merged.set(key, { ...each, more: [] })
    else if (!first.more.includes(each.about) && first.about !== each.about) {
      first.more.push(each.about)
      if (CERTAINTIES.indexOf(each.certainty) < CERTAINTIES.indexOf(first.certainty))
        first.certainty = each.certainty
    }
  }
  return [...merged.values()].map(({ more, ...each }) =>
    more.length === 0 ? each : { ...each, evidence: [...each.evidence, `also ${more.slice(0, 5).join(', ')}${more.length > 5 ? ` and ${more.length - 5} more` : ''}`] }) // prettier-ignore
}
