import { Play } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import type { PageRevisions, ReadPage } from '../api/pages.ts'
import { useData } from '../live/data.ts'
import { useAction } from '../shell/actions.ts'
import { Link, useQuery } from '../shell/router.tsx'
import { useTitle } from '../shell/title.ts'
import { SeverityChip } from '../ui/chips.tsx'
import { Button, ProblemNotice, Waiting } from '../ui/controls.tsx'
import { Document } from '../ui/document.tsx'
import { never, useMay } from '../ui/may.ts'
import { ProofChip } from '../ui/proof.tsx'
import { Ago } from '../ui/time.tsx'
import { FindingList, findingNotes } from './findings.tsx'
import { RunDialog } from './run-dialog.tsx'
import '../styles/pages.css'

type Procedure = ReadPage['procedures'][number]

/** A runbook as it is served now: its text with what lint says in place, and what is known of each procedure. */
export function RunbookPage(): ReactNode {
  const [path] = useQuery('path')
  const [source] = useQuery('source')
  const query = new URLSearchParams({ path: path ?? '', ...(source === null ? {} : { source }) })
  const { value: page, problem } = useData<ReadPage>(path === null ? null : `/pages/read?${query}`, never)
  useTitle(page?.title ?? path ?? 'Runbook')
  if (page === null)
    return (
      <div className="column">
        {problem === null ? <Waiting what="the runbook" /> : <ProblemNotice problem={problem} />}
        {path === null ? <p>The address names no page.</p> : null}
        <Link to="/runbooks">All runbooks</Link>
      </div>
    )
  return (
    <div className="column wide-column runbook">
      <div className="page-head">
        <p>
          <Link to="/runbooks">Runbooks</Link> <span className="quiet">/ {page.path}</span>
        </p>
        <h1>{page.title ?? page.path}</h1>
        <PageFacts page={page} />
      </div>
      {page.state === 'good' ? null : (
        <div className="notice notice-red" role="note">
          <strong>{page.state === 'broken' ? 'A newer revision was refused' : 'The source is away'}:</strong>{' '}
          {page.reason}
        </div>
      )}
      <div className="runbook-columns">
        <aside className="runbook-side" aria-label="What is known of this page">
          <Procedures page={page} />
          <FindingList findings={page.findings} />
          <History query={query.toString()} />
        </aside>
        <Text page={page} />
      </div>
    </div>
  )
}

function PageFacts({ page }: { page: ReadPage }): ReactNode {
  return (
    <p className="facts-line quiet">
      <span>{page.owner === null ? 'no owner' : `owner ${page.owner}`}</span>
      <span>{page.lastReviewed === null ? 'never reviewed' : `reviewed ${page.lastReviewed}`}</span>
      {page.nextReview === null ? null : (
        <span className={page.overdue ? 'tone-red' : undefined}>
          {page.overdue ? 'review was due' : 'review due'} {page.nextReview}
        </span>
      )}
      {page.commit === null ? <span>in no commit</span> : <code>{page.commit.slice(0, 10)}</code>}
      {page.modified ? <span className="tone-amber">changed since that commit</span> : null}
      {page.link === null ? null : (
        <a href={page.link} target="_blank" rel="noopener noreferrer">
          where it is kept
        </a>
      )}
    </p>
  )
}

function Procedures({ page }: { page: ReadPage }): ReactNode {
  const mayRun = useMay('propose')
  const [running, setRunning] = useState<Procedure | null>(null)
  const runnable = page.procedures.filter(({ kind }) => kind !== 'reference')
  const [first] = runnable
  useAction(
    mayRun && first !== undefined
      ? { id: 'run', label: `Run ${first.title}`, group: 'Runbook', run: () => setRunning(first) }
      : null,
  )
  return (
    <section aria-labelledby="procedures">
      <h2 id="procedures">Procedures</h2>
      {runnable.length === 0 ? <p className="quiet">Nothing on this page is run; it is read.</p> : null}
      <ul className="rows procedures">
        {runnable.map((procedure) => (
          <li key={procedure.id}>
            <div className="procedure-words">
              <Link to={`?${lineQuery(page, procedure.line)}`}>{procedure.title}</Link>
              <span className="facts-line">
                {procedure.severity === null ? null : <SeverityChip severity={procedure.severity} />}
                <ProofChip proof={procedure.proof} />
              </span>
              {procedure.alertNames.length === 0 ? (
                <span className="quiet">no alert is bound to it</span>
              ) : (
                <span className="quiet">
                  for <code>{procedure.alertNames.join(', ')}</code>
                </span>
              )}
              {procedure.proof === null ? null : <span className="quiet small">{procedure.proof.text}</span>}
            </div>
            {mayRun ? (
              <Button onClick={() => setRunning(procedure)} aria-label={`Run ${procedure.title}`}>
                <Play size={14} aria-hidden /> Run
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      {running === null ? null : (
        <RunDialog path={page.path} procedure={running} onClose={() => setRunning(null)} />
      )}
    </section>
  )
}

const lineQuery = (page: ReadPage, line: number): string =>
  new URLSearchParams({ path: page.path, source: page.source, line: String(line) }).toString()

function Text({ page }: { page: ReadPage }): ReactNode {
  const [text] = useQuery('line')
  const line = text !== null && /^\d{1,7}$/.test(text) ? Number(text) : null
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (line === null) return
    const all = [...(box.current?.querySelectorAll<HTMLElement>('[data-line]') ?? [])]
    all.findLast((element) => Number(element.dataset['line']) <= line)?.scrollIntoView({ block: 'start' })
  }, [page, line])
  return (
    <div ref={box} className="runbook-text">
      <Document
        blocks={page.blocks}
        line={line}
        after={(from, to) => findingNotes(page.findings, from, to)}
      />
    </div>
  )
}

function History({ query }: { query: string }): ReactNode {
  const { value, problem } = useData<PageRevisions>(`/pages/history?${query}&limit=20`, never)
  return (
    <section aria-labelledby="history">
      <h2 id="history">History</h2>
      {value === null ? (
        problem === null ? (
          <Waiting what="the history" />
        ) : (
          <ProblemNotice problem={problem} />
        )
      ) : value.revisions.length === 0 ? (
        <p className="quiet">No revision was recorded yet.</p>
      ) : (
        <ol className="rows plain-rows">
          {value.revisions.map((revision) => (
            <li key={`${revision.commit} ${revision.contentHash} ${revision.seenAt}`}>
              <span>{revision.subject ?? (revision.removed ? 'removed' : 'read from a folder')}</span>
              <span className="facts-line quiet small">
                <code>{(revision.commit ?? revision.contentHash ?? '').slice(0, 8)}</code>
                {revision.author === null ? null : <span>{revision.author}</span>}
                <Ago at={revision.committedAt ?? revision.seenAt} />
                {revision.current ? <span className="tone-green">served</span> : null}
                {revision.refused === null ? null : <span className="tone-red">refused</span>}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
