import { TOOLS } from '../tools/index.ts'
import { judgeAwk } from './awk.ts'
import { BUILTINS } from './builtin.ts'
import type { Call, Judge } from './call.ts'
import { judgeContainer } from './container.ts'
import { judgeCurl } from './curl.ts'
import { judgeFind } from './find.ts'
import { judgeGit } from './git.ts'
import { judgeKubectl } from './kubectl.ts'
import { judgeMysql, judgeSqlite } from './mysql.ts'
import { judgePsql } from './psql.ts'
import { judgeRedis } from './redis.ts'
import { judgeRemote } from './remote.ts'
import { judgeSed } from './sed.ts'
import { judgeShell } from './shell.ts'
import { NETWORK_JUDGES } from './network.ts'
import { PAGER_JUDGES } from './pager.ts'
import { SESSION_JUDGES } from './session.ts'
import { SYSTEM_JUDGES } from './system.ts'
import { WEB_JUDGES } from './web.ts'
import { judgeAws, judgeGroupedCloud } from './cloud.ts'
import { judgeTar } from './tar.ts'
import { judgeTool } from './tool.ts'
import { WRAPPERS } from './wrapper.ts'

/** Programs whose meaning lies in more than options and subcommands. Everything else is a line in `tools/`. */
const JUDGES = new Map<string, Judge>([
  ...Object.entries(BUILTINS),
  ...Object.entries(WRAPPERS),
  ...Object.entries({
    ...NETWORK_JUDGES,
    ...PAGER_JUDGES,
    ...SESSION_JUDGES,
    ...SYSTEM_JUDGES,
    ...WEB_JUDGES,
  }),
  ['aws', judgeAws],
  ['gcloud', judgeGroupedCloud],
  ['az', judgeGroupedCloud],
  ...['bash', 'sh', 'dash', 'ash', 'ksh', 'zsh', 'rbash'].map((name): [string, Judge] => [name, judgeShell]),
  ...['awk', 'gawk', 'mawk', 'nawk'].map((name): [string, Judge] => [name, judgeAwk]),
  ...['sed', 'gsed'].map((name): [string, Judge] => [name, judgeSed]),
  ...['docker', 'podman', 'nerdctl', 'crictl', 'docker-compose', 'ctr'].map((name): [string, Judge] => [
    name,
    judgeContainer,
  ]),
  ...['kubectl', 'oc'].map((name): [string, Judge] => [name, judgeKubectl]),
  ...['mysql', 'mariadb'].map((name): [string, Judge] => [name, judgeMysql]),
  ['ssh', judgeRemote],
  ['sqlite3', judgeSqlite],
  ['curl', judgeCurl],
  ['find', judgeFind],
  ['git', judgeGit],
  ['psql', judgePsql],
  ['gitlab-psql', judgePsql],
  ['redis-cli', judgeRedis],
  ['tar', judgeTar],
  ['gtar', judgeTar],
])

/** Where a program named by its path is what its name says. */
const SYSTEM_FOLDER =
  /^\/(?:usr\/(?:local\/)?)?s?bin\/[^/]+$|^\/usr\/(?:lib\/postgresql\/[\d.]+|pgsql-[\d.]+|local\/pgsql)\/bin\/[^/]+$|^\/opt\/gitlab\/(?:embedded\/)?bin\/[^/]+$/

/** Whether a name means something already, so that a function or an alias of that name replaces it. */
export function isProgram(name: string): boolean {
  return JUDGES.has(name) || TOOLS.has(name)
}

/** Judges one program by what is known of it; what is not known counts as destructive. */
export function judgeProgram(call: Call): void {
  const { value } = call.word
  if (value.includes('/') && !SYSTEM_FOLDER.test(value)) {
    return call.note(
      'destructive',
      'a script or a program in a folder of its own cannot be judged',
      call.word,
    )
  }
  const judge = JUDGES.get(call.name)
  if (judge !== undefined) return judge(call)
  const facts = TOOLS.get(call.name)
  if (facts !== undefined) return judgeTool(call, facts)
  call.note('destructive', `nothing is known about the program ${call.name || value}`, call.word)
}
