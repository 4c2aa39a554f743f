import type { ToolTable } from './facts.ts'

/** Programs that read text and print text. */
export const TEXT: ToolTable = {
  'cat tac nl head wc cut paste join comm fold fmt column expand unexpand tr rev od hexdump hd strings base32 basenc md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum diff cmp colordiff grep egrep fgrep zgrep zegrep zfgrep bzgrep xzgrep zcat bzcat xzcat gzcat zdiff zcmp look pr tsort numfmt seq jq gron jo envsubst tput clear nproc expr factor bc cal figlet hostid':
    'read',
  json_pp: { does: 'read', style: 'go', values: 'f t json_opt', shows: { f: '^json$' } },
  diff3: {
    does: 'read',
    values: 'L label diff-program',
    options: { 'diff-program': 'destructive: runs a program' },
  },
  jsonlint: { does: 'read', options: { 'i in-place': 'change: edits the file in place' } },
  'zstdcat lz4cat': { does: 'read', values: 'o', options: { o: 'change output: writes a file' } },
  tail: {
    does: 'read',
    values: 'c bytes n lines s sleep-interval pid max-unchanged-stats',
    options: {
      'f F follow retry': 'read endless: follows the file',
    },
  },
  sort: {
    values:
      'k key o output S buffer-size t field-separator T temporary-directory batch-size parallel compress-program files0-from random-source sort',
    only: 'b ignore-leading-blanks d dictionary-order f ignore-case g general-numeric-sort i ignore-nonprinting M month-sort h human-numeric-sort n numeric-sort R random-sort r reverse V version-sort c C check debug m merge s stable u unique z zero-terminated',
    options: {
      'o output': 'change file: writes its output to a file',
      'compress-program': 'destructive: runs a program',
    },
  },
  uniq: {
    values: 'f skip-fields s skip-chars w check-chars group all-repeated',
    writesOperand: 1,
  },
  shuf: {
    values: 'e echo i input-range n head-count o output random-source',
    options: { 'o output': 'change file: writes its output to a file' },
  },
  'split csplit': { does: 'change: writes files', options: { filter: 'destructive: runs a program' } },
  tee: { does: 'read: copies its input', values: 'output-error', writesOperand: 0, dash: false },
  base64: { values: 'w wrap i b o', options: { o: 'change: writes a file' } },
  sponge: 'change: writes a file',
  xxd: {
    values: 'c cols g groupsize l len o s seek n name',
    writesOperand: 1,
    options: { 'r revert': 'read: turns it back' },
  },
  sdiff: {
    values: 'o output w width diff-program',
    options: {
      'o output': 'change interactive: writes a merge',
      'diff-program': 'destructive: runs a program',
    },
  },
  iconv: {
    values: 'f from-code t to-code o output',
    options: { 'o output': 'change output: writes its output to a file' },
  },
  'dos2unix unix2dos patch': 'change: edits files',
  'yq xq tomlq': {
    values:
      'I indent p input-format o output-format split-exp from-file header-preprocess expression xml-attribute-prefix arg argjson',
    options: {
      'i inplace in-place': 'change: edits the file in place',
      's split-exp split-exp-file': 'change: writes files',
      'security-enable-system-operator': 'destructive: lets the expression run programs',
    },
  },
  rg: {
    values:
      'A after-context B before-context C context e regexp f file g glob iglob m max-count t type T type-not M max-columns j threads d max-depth E encoding r replace sort sortr color colors pre pre-glob engine hostname-bin',
    options: { 'pre hostname-bin': 'destructive: runs a program' },
  },
  'ag ack': {
    values: 'A B C G m pager output ackrc',
    // The template of --output was evaluated as Perl before ack 2.
    options: { 'pager output ackrc': 'destructive: runs a program' },
  },
  'bat batcat': {
    values: 'l language r line-range pager style theme H',
    options: {
      pager: 'destructive: runs a program',
      paging: 'read: pages its output',
      'build clear generate-config-file': 'change: writes its cache or its settings',
    },
  },
  xmllint: {
    style: 'go',
    values: 'o output xpath schema relaxng dtdvalid encode pattern path maxmem',
    options: {
      'o output': 'change output: writes its output to a file',
      shell: 'destructive interactive: opens a session',
    },
  },
  yes: 'read endless: repeats until it is stopped',
  pv: {
    values: 'L s i w H N R P d o U',
    options: {
      'o output P pidfile U store-and-forward': 'change: writes a file',
      'R remote': 'change: steers another transfer',
      'S stop-at-size': 'read',
    },
  },
}
