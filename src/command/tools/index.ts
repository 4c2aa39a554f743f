import { CLOUD } from './cloud.ts'
import { CONTAINERS } from './containers.ts'
import { DATABASES } from './databases.ts'
import { DEVELOPMENT } from './development.ts'
import type { ToolFacts } from './facts.ts'
import { FILES } from './files.ts'
import { NETWORK } from './network.ts'
import { OWN } from './own.ts'
import { SERVICES } from './services.ts'
import { SYSTEM } from './system.ts'
import { TEXT } from './text.ts'

/** Facts by program name, from all tables of this folder. A program in two tables is a mistake a test finds. */
export const TOOLS: ReadonlyMap<string, ToolFacts> = new Map(
  [TEXT, FILES, SYSTEM, NETWORK, CONTAINERS, DATABASES, DEVELOPMENT, CLOUD, SERVICES, OWN].flatMap((table) =>
    Object.entries(table).flatMap(([names, facts]) =>
      names
        .split(' ')
        .map((name): [string, ToolFacts] => [name, typeof facts === 'string' ? { does: facts } : facts]),
    ),
  ),
)
