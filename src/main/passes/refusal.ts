/** Why a node stays as it is. `note`: worth telling the person; the others are in the nature of the node. */
export interface Refusal {
  readonly reason: string
  readonly note: boolean
}

export function refuse(reason: string): Refusal {
  return { reason, note: true }
}

export function notApplicable(reason: string): Refusal {
  return { reason, note: false }
}
