import { Component } from 'react'
import type { ReactNode } from 'react'

/** A part of the page that fails says so and leaves the rest as it is. */
export class ErrorBoundary extends Component<{ what: string; children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <div className="notice notice-red" role="alert">
        <p>
          <strong>{this.props.what} cannot be shown.</strong> {error.message}
        </p>
        <p>The incident is not affected; the command line shows the same.</p>
        <button type="button" className="button" onClick={() => this.setState({ error: null })}>
          Try again
        </button>
      </div>
    )
  }
}
