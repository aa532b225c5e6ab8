export interface ValueRange {
  readonly min: number
  readonly max: number
}
