import { AppError } from '../../base/error.ts'
import { forTerminal } from '../../base/text.ts'
import type { Row } from './host.ts'

/** Who answers when erlmcp asks. Every answer goes through the gate that everybody's goes through. */
export interface Responder {
  /** One of the options that are offered, or `null` to reject them all. */
  choose(offered: readonly Row[]): Promise<Row | null>
  /** Whether a manual step was done. */
  confirm(question: string): Promise<boolean>
}

/** Takes what is suggested first, and has done whatever is asked for. */
export const obliging: Responder = {
  choose: (offered) => Promise.resolve(offered[0] ?? null),
  confirm: () => Promise.resolve(true),
}

/** Makes a scenario's choices in turn, by words of the option's title. Throws when they run out or are not offered. */
export function scripted(choices: readonly string[]): Responder {
  let next = 0
  return {
    choose(offered) {
      const wanted = choices[next]
      next += 1
      if (wanted === undefined)
        return Promise.reject(
          new Error('the chosen fix did not help, and the scenario has no further choice'),
        )
      const option = offered.find((row) =>
        forTerminal(row['title']).toLowerCase().includes(wanted.toLowerCase()),
      )
      if (option !== undefined) return Promise.resolve(option)
      const titles = offered.map((row) => `"${forTerminal(row['title'])}"`).join(', ')
      return Promise.reject(new Error(`the page offers no option "${wanted}", only ${titles}`))
    },
    confirm: () => Promise.resolve(true),
  }
}

/** A person at a terminal. `ask` gives `null` when nobody is there. @throws AppError `usage` then. */
export function atTerminal(ask: (question: string) => Promise<string | null>): Responder {
  const reply = async (question: string): Promise<string> => {
    const answer = await ask(question)
    if (answer !== null) return answer.trim().toLowerCase()
    throw new AppError('usage', 'nobody is at this terminal to decide', {
      action: 'Use `npm start -- --auto`.',
    })
  }
  return {
    async choose(offered) {
      const others =
        offered.length > 1 ? `, [2${offered.length > 2 ? `-${offered.length}` : ''}] another` : ''
      for (;;) {
        const answer = await reply(`\n  [y] approve option 1${others}, [n] reject all: `)
        if (answer === 'n') return null
        const option = answer === '' ? undefined : offered[answer === 'y' ? 0 : Number(answer) - 1]
        if (option !== undefined) return option
      }
    },
    async confirm(question) {
      const answer = await reply(`\n  ${question}\n  Was it done? [y] yes, [n] no: `)
      return answer === 'y'
    },
  }
}
