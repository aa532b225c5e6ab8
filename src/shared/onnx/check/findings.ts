import type { Diagnostic } from '../../diagnostic'
import type { Node } from '../records'

/** Findings of one kind that are told in full; the rest is counted, so that a broken model does not bury its reader. */
const MAX_PER_CODE = 50

/** Collects what the checks find. */
export class Findings {
  readonly #found: Diagnostic[] = []
  readonly #counts = new Map<string, { severity: Diagnostic['severity']; count: number }>()

  error(code: string, finding: Finding): void {
    this.#count('error', code, finding)
  }

  warning(code: string, finding: Finding): void {
    this.#count('warning', code, finding)
  }

  /** Takes a finding as it is; its maker has cut the list. */
  add(diagnostic: Diagnostic): void {
    this.#found.push(diagnostic)
  }

  /** Errors first, then warnings; within them in the order found. */
  list(): Diagnostic[] {
    const more = [...this.#counts].flatMap(([code, { severity, count }]): Diagnostic[] =>
      count <= MAX_PER_CODE ? [] : [{ severity, code, message: `${count - MAX_PER_CODE} more findings like the ${MAX_PER_CODE} listed (${code}).` }],
    )
    const all = [...this.#found, ...more]
    return [...all.filter(({ severity }) => severity === 'error'), ...all.filter(({ severity }) => severity !== 'error')]
  }

  #count(severity: Diagnostic['severity'], code: string, { message, hint, node, valueName }: Finding): void {
    const counted = this.#counts.get(code) ?? { severity, count: 0 }
    this.#counts.set(code, counted)
    if (++counted.count > MAX_PER_CODE) return
    this.#found.push({
      severity,
      code,
      message,
      ...(hint !== undefined && { hint }),
      ...(node && { nodeId: node.id, nodeName: node.name }),
      ...(valueName !== undefined && { valueName }),
    })
  }
}

export interface Finding {
  readonly message: string
  readonly hint?: string
  readonly node?: Node | null
  readonly valueName?: string
}

/** A node as people find it: by its name, else by what it makes. */
export function nodeLabel(node: Node): string {
  if (node.name !== '') return `${node.opType} '${node.name}'`
  const made = node.outputs.find((name) => name !== '')
  return made === undefined ? `an unnamed ${node.opType}` : `the ${node.opType} that makes '${made}'`
}

export function sentenceStart(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
