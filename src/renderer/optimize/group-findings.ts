import type { Diagnostic } from '#shared/diagnostic'

/** One or more that say the same of different nodes or values. */
export type FindingGroup = readonly [Diagnostic, ...Diagnostic[]]

/** Findings that differ in names alone together, where the first of them stood: a hundred layers with one reason are one thing to read. */
export function groupFindings(findings: readonly Diagnostic[]): readonly FindingGroup[] {
  const groups = new Map<string, [Diagnostic, ...Diagnostic[]]>()
  for (const finding of findings) {
    const { severity, code, message } = finding
    const key = [severity, code, message.replaceAll(/'[^']*'/g, '')].join('\n')
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [finding])
    else known.push(finding)
  }
  return [...groups.values()]
}
