export { COMMAND_FLAGS, LANGUAGES, RISKS } from './model.ts'
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
