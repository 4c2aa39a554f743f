import { placeOf, programOf, wordTexts } from '../context.ts'
import { bash } from '../example.ts'
import type { LintRule } from '../rule.ts'

export const FILE_RULES: LintRule[] = [
  {
    id: 'find-deletes-too-much',
    severity: 'error',
    summary:
      'find … -delete without -type and -name: it takes every file and empty directory that is old enough',
    bad: bash('find /var/log -mtime +7 -delete'),
    good: bash("find /var/log/shop -type f -name '*.log.*' -mtime +7 -print -delete"),
    check: ({ commands }) =>
      commands.flatMap(({ command, calls }) =>
        calls.flatMap((call) => {
          const words = wordTexts(call.words)
          const rm = words.some((word, at) => word === 'rm' && /^-(?:exec|ok)/.test(words[at - 1] ?? ''))
          if (programOf(call) !== 'find' || (!words.includes('-delete') && !rm)) return []
          if (words.some((word) => word !== null && /^-(?:i?name|i?path|i?regex|i?wholename)$/.test(word)))
            return []
          if (words.includes('-type') && !rm) return []
          const message = 'nothing limits what is deleted: neither -type f nor -name stands here'
          return [
            {
              ...placeOf(command, call.words[0]?.start ?? call.start),
              endLine: command.position.endLine,
              message,
              remedy: "Add -type f and -name '…', and run it with -print instead of -delete first.",
            },
          ]
        }),
      ),
  },
]
