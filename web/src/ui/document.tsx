import { ExternalLink, ImageOff } from 'lucide-react'
import { Fragment } from 'react'
import type { ReactNode } from 'react'
import type { Block, Inline } from '../api/model.ts'
import { seen } from './command.tsx'
import { CopyButton } from './controls.tsx'

/** A page drawn from the server's tree: text, in the few kinds below. There is no HTML to be let through. */
export function Document({
  blocks,
  line,
  endLine = line,
  after,
}: {
  blocks: readonly Block[]
  /** The line the run is at; it is marked. */
  line: number | null
  endLine?: number | null
  /** What stands below the block of the lines from the first up to the second. */
  after?: (from: number, to: number) => ReactNode
}): ReactNode {
  return (
    <div className="document">
      {/* what stands before the first block: front matter */}
      {after?.(0, blocks[0]?.line ?? Number.MAX_SAFE_INTEGER)}
      {blocks.map((block, index) => (
        <Fragment key={index}>
          <BlockView block={block} line={line} endLine={endLine} />
          {after?.(block.line, blocks[index + 1]?.line ?? Number.MAX_SAFE_INTEGER)}
        </Fragment>
      ))}
    </div>
  )
}

function BlockView({
  block,
  line,
  endLine,
}: {
  block: Block
  line: number | null
  endLine: number | null
}): ReactNode {
  const here = line !== null && block.line >= line && block.line <= (endLine ?? line)
  const place = { 'data-line': block.line, className: here ? 'is-here' : undefined }
  switch (block.t) {
    case 'heading': {
      const Tag = `h${Math.min(6, block.level + 1)}` as 'h2'
      return (
        <Tag {...place}>
          <Inlines nodes={block.c} />
        </Tag>
      )
    }
    case 'paragraph':
      return (
        <p {...place}>
          <Inlines nodes={block.c} />
        </p>
      )
    case 'code':
      return (
        <div {...place}>
          <div className="command-text">
            {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls what has the focus */}
            <pre tabIndex={0} aria-label={`Code, line ${block.line}`}>
              <code>{seen(block.text)}</code>
            </pre>
            <CopyButton text={block.text} what="code" />
          </div>
        </div>
      )
    case 'list': {
      const items = block.items.map((item, index) => (
        <li key={index} data-line={item.line} className={item.checked === null ? undefined : 'is-task'}>
          {item.checked === null ? null : (
            <span aria-label={item.checked ? 'done' : 'not done'} role="img">
              {item.checked ? '☑' : '☐'}{' '}
            </span>
          )}
          {item.c.map((child, at) => (
            <BlockView key={at} block={child} line={line} endLine={endLine} />
          ))}
        </li>
      ))
      return block.ordered ? (
        <ol {...place} start={block.start}>
          {items}
        </ol>
      ) : (
        <ul {...place}>{items}</ul>
      )
    }
    case 'quote':
      return (
        <blockquote {...place}>
          {block.c.map((child, index) => (
            <BlockView key={index} block={child} line={line} endLine={endLine} />
          ))}
        </blockquote>
      )
    case 'table':
      return (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls what has the focus
        <div {...place} role="region" aria-label="Table" tabIndex={0} style={{ overflowX: 'auto' }}>
          <table>
            <thead>
              <tr>
                {block.head.map((cell, index) => (
                  <th key={index} scope="col">
                    <Inlines nodes={cell} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row, index) => (
                <tr key={index}>
                  {row.map((cell, at) => (
                    <td key={at}>
                      <Inlines nodes={cell} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )
    case 'rule':
      return <hr />
    default:
      return null
  }
}

function Inlines({ nodes }: { nodes: readonly Inline[] }): ReactNode {
  return nodes.map((node, index) => <InlineView key={index} node={node} />)
}

function InlineView({ node }: { node: Inline }): ReactNode {
  switch (node.t) {
    case 'text':
      return seen(node.v)
    case 'code':
      return <code>{seen(node.v)}</code>
    case 'strong':
      return (
        <strong>
          <Inlines nodes={node.c} />
        </strong>
      )
    case 'em':
      return (
        <em>
          <Inlines nodes={node.c} />
        </em>
      )
    case 'del':
      return (
        <del>
          <Inlines nodes={node.c} />
        </del>
      )
    case 'link':
      return (
        <OutsideLink href={node.href}>
          <Inlines nodes={node.c} />
        </OutsideLink>
      )
    case 'image':
      // an image would tell its server who reads this page, and when
      return (
        <span className="no-image" title={node.src}>
          <ImageOff size={14} aria-hidden /> {node.alt === '' ? 'image' : seen(node.alt)}
        </span>
      )
    case 'break':
      return <br />
    default:
      return null
  }
}

/** Only http, https and mailto leave the page; where they lead is written beside them. */
export function OutsideLink({ href, children }: { href: string; children: ReactNode }): ReactNode {
  const target = outside(href)
  if (target === null) return <span>{children}</span>
  return (
    <a href={target.href} target="_blank" rel="noopener noreferrer nofollow" title={target.href}>
      {children}
      <ExternalLink size={12} aria-hidden className="outside" />
      <span className="quiet outside-host">
        {' '}
        {target.protocol === 'mailto:' ? target.pathname : target.host}
      </span>
    </a>
  )
}

/** `null` for what does not leave by http, https or mail: also addresses within the page's own server. */
function outside(href: string): URL | null {
  if (!/^(?:https?:\/\/|mailto:)/i.test(href) || !URL.canParse(href)) return null
  const url = new URL(href)
  return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url : null
}
