/** The stable JSON of `runbook show --json`. Names are only ever added. */
import type { Alternative, Condition, Phase, Procedure, Runbook, RunbookCommand, Step } from './model.ts'

/**
 * `{title, metadata, procedures, severityPolicy, contacts, links, templates, notes}`. Thresholds of ratios are
 * fractions, durations seconds, lines 1-based. Positions beyond the line are left to the library.
 */
export function toJson(runbook: Runbook): Record<string, unknown> {
  const { title, metadata, severityPolicy, contacts, links, templates, notes } = runbook
  const procedures = runbook.procedures.map(procedureJson)
  return { title, metadata, procedures, severityPolicy, contacts, links, templates, notes }
}

function procedureJson(procedure: Procedure): Record<string, unknown> {
  const {
    id,
    title,
    line,
    severity,
    responseTimeMinutes,
    anchors,
    alertNames,
    severityRange,
    impact,
    metadata,
  } = procedure
  return {
    id, title, line, severity, responseTimeMinutes,
    trigger: conditionJson(procedure.trigger),
    recovery: conditionJson(procedure.recovery),
    phases: procedure.phases.map(phaseJson),
    severityRange, impact, alertNames, anchors,
    kind: procedure.kind ?? null,
    service: procedure.service ?? null,
    owner: procedure.owner ?? null,
    inputs: procedure.inputs ?? [],
    metadata,
  } // prettier-ignore
}

function conditionJson(condition: Condition | null): Record<string, unknown> | null {
  if (condition === null) return null
  const { signal, comparison, threshold, unit, forSeconds, text, position, stated } = condition
  return {
    signal,
    comparison,
    threshold,
    unit,
    forSeconds,
    text,
    line: position.line,
    stated: stated ?? null,
  }
}

function phaseJson(phase: Phase): Record<string, unknown> {
  const { name, kind, startMinute, endMinute, window, line, text } = phase
  return {
    name,
    kind,
    startMinute,
    endMinute,
    window: window ?? null,
    line,
    text,
    steps: phase.steps.map(stepJson),
  }
}

function stepJson(step: Step): Record<string, unknown> {
  const { id, title, kind, line, text, items } = step
  return {
    id, title, kind, line, group: step.group ?? null, text,
    ...(step.alternatives === undefined ? {} : { alternatives: step.alternatives.map(alternativeJson) }),
    ...(items === undefined ? {} : { items }),
    commands: step.commands.map(commandJson),
    ...(step.revert === undefined ? {} : { revert: step.revert.map(commandJson) }),
  } // prettier-ignore
}

function alternativeJson(alternative: Alternative): Record<string, unknown> {
  const { id, title, kind, condition, line, text, risk, commands, revert } = alternative
  return {
    id, title, kind, label: alternative.label ?? null, condition, line, text, risk, commands: commands.map(commandJson),
    ...(revert === undefined ? {} : { revert: revert.map(commandJson) }),
  } // prettier-ignore
}

function commandJson(command: RunbookCommand): Record<string, unknown> {
  const {
    text,
    language,
    tag,
    line,
    position,
    risk,
    flags,
    runnable,
    nested,
    inputs,
    explanation,
    expectation,
  } = command
  return {
    text, language, line, risk, flags, inputs: inputs.map(({ name, form, text: written }) => ({ name, form, text: written })),
    runnable, nested: nested ?? false, tag, column: position.column, endLine: position.endLine, explanation, expectation,
  } // prettier-ignore
}
