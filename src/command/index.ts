export { analyseCommand, loadCommandGrammars } from './analyse.ts'
export { bindInputs, inputVariable, plainInputs } from './bind.ts'
export { classifyMany } from './classify.ts'
export type { Classified } from './classify.ts'
export { explainCommand } from './explain.ts'
export { detectLanguage } from './language.ts'
export { COMMAND_FLAGS, LANGUAGES, PLACEHOLDER_FORMS, RISKS } from './model.ts'
export type {
  CommandAnalysis,
  CommandFlag,
  CommandInput,
  InnerCommand,
  Language,
  PlaceholderForm,
  Reason,
  Risk,
} from './model.ts'
export { assignedVariables } from './shell/inputs.ts'
export { commandText } from './shell/quote.ts'
export { splitStatements } from './shell/statements.ts'
export type { ShellStatement } from './shell/statements.ts'
export { USAGE_PROBLEM_KINDS, builtInType, isClusterScoped, parseKubectl } from './kubectl/index.ts'
export type { GivenFlag, KubectlCommand, UsageProblem, UsageProblemKind } from './kubectl/index.ts'
export { outlineShell } from './outline.ts'
export type { OutlineCommand, OutlineRedirect, OutlineWord, ShellOutline } from './outline.ts'
