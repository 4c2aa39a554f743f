import type { Call } from './call.ts'
import { parseOptions } from './options.ts'
import { isNoFile } from './tool.ts'

const VALUES = `
  f file C directory T files-from X exclude-from exclude V label b blocking-factor H format K starting-file N newer
  after-date newer-mtime strip-components transform xform owner group mode mtime sort level g listed-incremental
  exclude-tag exclude-tag-all exclude-tag-under exclude-ignore exclude-ignore-recursive exclude-vcs-ignores suffix
  index-file quoting-style quote-chars no-quote-chars record-size tape-length L occurrence-file volno-file pax-option
  owner-map group-map add-file hole-detection sparse-version warning show-defaults-file backup-type
  I use-compress-program F info-script new-volume-script to-command checkpoint-action rsh-command rmt-command set-mtime-command
`
const NAMES = `
  A catenate concatenate c create d diff compare delete r append t list test-label u update x extract get check-device
  n seek incremental occurrence sparse G S k keep-old-files keep-newer-files keep-directory-symlink no-overwrite-dir
  one-top-level overwrite overwrite-dir recursive-unlink remove-files skip-old-files U unlink-first W verify
  ignore-command-error no-ignore-command-error O to-stdout m touch no-same-owner no-same-permissions numeric-owner p
  preserve-permissions same-permissions same-owner s preserve-order same-order acls selinux xattrs no-acls no-selinux
  no-xattrs force-local M multi-volume B read-full-records i ignore-zeros auto-compress a z gzip gunzip ungzip Z compress
  uncompress j bzip2 J xz lzip lzma lzop zstd no-auto-compress backup exclude-backups exclude-caches exclude-caches-all
  exclude-caches-under exclude-vcs h dereference hard-dereference null no-null no-recursion recursion no-unquote unquote
  one-file-system P absolute-names checkpoint clamp-mtime full-time R block-number show-defaults
  show-omitted-dirs show-transformed-names show-stored-names totals utc v verbose w interactive confirmation o portability
  old-archive posix restrict version help usage l check-links ignore-case no-ignore-case anchored no-anchored wildcards
  no-wildcards wildcards-match-slash no-wildcards-match-slash ignore-failed-read no-check-device delay-directory-restore
  no-delay-directory-restore
`
const RUNS = new Set([
  'I',
  'use-compress-program',
  'F',
  'info-script',
  'new-volume-script',
  'to-command',
  'checkpoint-action',
  'rsh-command',
  'rmt-command',
  'set-mtime-command',
])
const words = (list: string): string[] => list.split(/\s+/).filter((word) => word !== '')
const SYNTAX = {
  values: new Set(words(VALUES)),
  names: new Set(words(NAMES)),
  style: 'gnu' as const,
  stops: false,
}

export function judgeTar(call: Call): void {
  // `tar tf x` is `tar -t -f x`.
  const [first, ...rest] = call.args
  const old = first !== undefined && /^[A-Za-z]/.test(first.value) && first.fixed
  const args = old
    ? [{ ...first, value: `-${first.value}`, offsets: [first.start, ...first.offsets] }, ...rest]
    : call.args
  const parsed = parseOptions(args, SYNTAX)
  for (const word of parsed.open)
    call.note('destructive', 'options of tar that are not known before it runs', word)
  const has = (...names: string[]): boolean =>
    parsed.options.some((option) => option.candidates.some((name) => names.includes(name)))
  for (const option of parsed.options) {
    const known = option.candidates.every((name) => SYNTAX.values.has(name) || SYNTAX.names.has(name))
    if (!known) call.note('destructive', `tar has no option ${option.name} that is known`, option.at)
    if (option.candidates.some((name) => RUNS.has(name)))
      call.note('destructive', 'runs a program', option.at, option.value ?? option.at)
  }
  if (has('delete', 'remove-files', 'recursive-unlink'))
    call.note('destructive', 'removes files', call.word, call.args.at(-1))
  if (has('index-file', 'g', 'listed-incremental'))
    call.note('change', 'writes a file', call.word, call.args.at(-1))
  const file = parsed.options.find((option) =>
    option.candidates.some((name) => name === 'f' || name === 'file'),
  )
  if (file?.value?.value.includes(':') === true && !has('force-local'))
    call.note('change', 'opens an archive on another host', file.at, file.value)
  if (
    has('t', 'list', 'd', 'diff', 'compare', 'test-label', 'version', 'help', 'show-defaults') &&
    !has('x', 'c', 'r', 'u', 'A', 'extract', 'get', 'create', 'append', 'update', 'catenate', 'concatenate')
  ) {
    return call.note('read', 'lists or compares an archive', call.word, call.args.at(-1))
  }
  if (
    has('O', 'to-stdout') &&
    !has('c', 'r', 'u', 'A', 'create', 'append', 'update', 'catenate', 'concatenate')
  ) {
    return call.note('read', 'prints files of an archive', call.word, call.args.at(-1))
  }
  if (has('c', 'create') && file?.value && isNoFile(file.value)) {
    return call.note('read', 'writes the archive to standard output', call.word, call.args.at(-1))
  }
  call.note('change', 'writes files or an archive', call.word, call.args.at(-1))
}
