import { LANGUAGES } from './model.ts'
import type { Language } from './model.ts'

const TAGS: Record<string, Language> = {
  bash: 'bash', sh: 'bash', shell: 'bash', zsh: 'bash', ksh: 'bash', console: 'bash', terminal: 'bash',
  'shell-session': 'bash', shellsession: 'bash', 'sh-session': 'bash', command: 'bash', commands: 'bash', cmd: 'bash',
  shel: 'bash', bach: 'bash', '!bash': 'bash', '8sh': 'bash', cli: 'bash', text: 'text', txt: 'text', plaintext: 'text',
  sql: 'sql', psql: 'sql', postgres: 'sql', postgresql: 'sql', pgsql: 'sql', plpgsql: 'sql', promql: 'promql',
  prometheus: 'promql', erlang: 'erlang', erl: 'erlang', elixir: 'erlang', slack: 'slack', powershell: 'powershell',
  ps1: 'powershell', pwsh: 'powershell', python: 'python', py: 'python', ruby: 'ruby', rb: 'ruby',
  javascript: 'javascript', js: 'javascript', typescript: 'javascript', ts: 'javascript', json: 'json', yaml: 'yaml',
  yml: 'yaml', hcl: 'hcl', terraform: 'hcl', tf: 'hcl', log: 'log', logs: 'log', output: 'output',
} // prettier-ignore

/** The language a fence's tag names, or `null` when it names none that is known. */
export function languageOfTag(tag: string | null): Language | null {
  const word =
    (tag ?? '')
      .trim()
      .toLowerCase()
      .split(/[\s,{]/)[0] ?? ''
  if (word === '') return null
  return TAGS[word] ?? LANGUAGES.find((language) => language === word) ?? null
}

/** What a code block is, by its content first and its tag second: tags are often missing or wrong. */
export function detectLanguage(text: string, tag: string | null): Language {
  return languageOfTag(tag) ?? 'bash'
}
