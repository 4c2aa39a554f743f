/** The resource types of a plain Kubernetes 1.36 API server: plural, short names (singular is made from the kind). */
const BUILT_IN = `
bindings componentstatuses,cs configmaps,cm endpoints,ep events,ev limitranges,limits namespaces,ns nodes,no
persistentvolumeclaims,pvc persistentvolumes,pv pods,po podtemplates replicationcontrollers,rc resourcequotas,quota
secrets serviceaccounts,sa services,svc mutatingadmissionpolicies mutatingadmissionpolicybindings
mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings
validatingwebhookconfigurations customresourcedefinitions,crd,crds apiservices controllerrevisions daemonsets,ds
deployments,deploy replicasets,rs statefulsets,sts selfsubjectreviews tokenreviews localsubjectaccessreviews
selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews horizontalpodautoscalers,hpa cronjobs,cj jobs
certificatesigningrequests,csr leases endpointslices flowschemas prioritylevelconfigurations ingressclasses
ingresses,ing ipaddresses,ip networkpolicies,netpol servicecidrs runtimeclasses poddisruptionbudgets,pdb
clusterrolebindings clusterroles rolebindings roles deviceclasses resourceclaims resourceclaimtemplates
resourceslices priorityclasses,pc csidrivers csinodes csistoragecapacities storageclasses,sc volumeattachments
volumeattributesclasses,vac`

const CLUSTER_SCOPED = new Set(
  `
componentstatuses namespaces nodes persistentvolumes mutatingadmissionpolicies mutatingadmissionpolicybindings
mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings
validatingwebhookconfigurations customresourcedefinitions apiservices selfsubjectreviews tokenreviews
selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews certificatesigningrequests flowschemas
prioritylevelconfigurations ingressclasses ipaddresses servicecidrs runtimeclasses clusterrolebindings clusterroles
deviceclasses resourceslices priorityclasses csidrivers csinodes storageclasses volumeattachments
volumeattributesclasses`
    .trim()
    .split(/\s+/),
)

/** Every name that a built-in type goes by, to its plural. */
const NAMES = new Map(
  BUILT_IN.trim()
    .split(/\s+/)
    .flatMap((entry) => {
      const [plural = '', ...short] = entry.split(',')
      return [plural, singular(plural), ...short].map((name) => [name, plural] as const)
    }),
)

function singular(plural: string): string {
  if (plural === 'endpoints') return plural
  if (plural.endsWith('ies')) return `${plural.slice(0, -3)}y`
  return /(?:sses|uses)$/.test(plural) ? plural.slice(0, -2) : plural.replace(/s$/, '')
}

/** `deploy`, `Deployment`, `deployments.apps` to `deployments`; `null` for what may be a custom resource. */
export function builtInType(name: string): string | null {
  const lower = name.toLowerCase()
  const plural = NAMES.get(lower)
  if (plural !== undefined) return plural
  const dot = lower.indexOf('.')
  const group = lower.slice(dot + 1)
  if (
    dot === -1 ||
    !/^(?:v\d\w*\.?)?(?:apps|batch|autoscaling|policy|extensions|.*\.k8s\.io|v\d\w*)?$/.test(group)
  )
    return null
  return NAMES.get(lower.slice(0, dot)) ?? null
}

export const isClusterScoped = (plural: string): boolean => CLUSTER_SCOPED.has(plural)

/** All plurals, for suggestions. */
export const PLURALS: readonly string[] = [...new Set(NAMES.values())]

/** Words people take for resource types. They are fields or other things, and no known API serves them. */
const NEVER_A_TYPE: Record<string, string> = {
  imagepullsecrets: 'Image pull secrets are a field of pods and service accounts: try "kubectl get serviceaccount default -o yaml".',
  imagepullsecret: 'Image pull secrets are a field of pods and service accounts: try "kubectl get serviceaccount default -o yaml".',
  containers: 'Containers are part of pods: try "kubectl get pods -o wide" or "kubectl describe pod NAME".',
  container: 'Containers are part of pods: try "kubectl describe pod NAME".',
  labels: 'Labels are shown with "kubectl get TYPE --show-labels".',
  annotations: 'Annotations are shown by "kubectl describe TYPE NAME".',
  logs: 'Logs are read with "kubectl logs POD".',
  contexts: 'Contexts are listed with "kubectl config get-contexts".',
} // prettier-ignore

/** Why this is surely no resource type and what was meant, or `null`. Custom resources are never judged. */
export const notAType = (name: string): string | null => NEVER_A_TYPE[name.toLowerCase()] ?? null
