import type { LintRule } from './rule.ts'
import { CHECK_RULES } from './rules/checks.ts'
import { DATABASE_RULES } from './rules/database.ts'
import { DOCUMENT_RULES } from './rules/document.ts'
import { ENDLESS_RULES } from './rules/endless.ts'
import { FILE_RULES } from './rules/files.ts'
import { KUBECTL_USAGE_RULES } from './rules/kubectl-usage.ts'
import { KUBERNETES_RULES } from './rules/kubernetes.ts'
import { LANGUAGE_RULES } from './rules/language.ts'
import { MITIGATION_RULES } from './rules/mitigation.ts'
import { PLACEHOLDER_RULES } from './rules/placeholder.ts'
import { STREAM_RULES } from './rules/streams.ts'
import { SURROUNDINGS_RULES } from './rules/surroundings.ts'
import { TRIGGER_RULES } from './rules/trigger.ts'

/** Every rule, in the order of the reference. */
export const LINT_RULES: readonly LintRule[] = [
  ...KUBECTL_USAGE_RULES,
  ...LANGUAGE_RULES,
  ...STREAM_RULES,
  ...ENDLESS_RULES,
  ...CHECK_RULES,
  ...KUBERNETES_RULES,
  ...DATABASE_RULES,
  ...FILE_RULES,
  ...SURROUNDINGS_RULES,
  ...MITIGATION_RULES,
  ...TRIGGER_RULES,
  ...PLACEHOLDER_RULES,
  ...DOCUMENT_RULES,
]
