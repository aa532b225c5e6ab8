/** Files dropped on the window go to the panel that wants them, where one is shown; models are opened whatever is shown. */

type Taker = (files: readonly File[]) => void

let taker: Taker | null = null

/** Returns a function that ends it. */
export function setDropTaker(take: Taker): () => void {
  taker = take
  return () => {
    if (taker === take) taker = null
  }
}

/** Whether they were taken. */
export function takeDroppedFiles(files: readonly File[]): boolean {
  if (taker === null || files.length === 0 || files.some(({ name }) => /\.(onnx|ort|data)$/i.test(name))) return false
  taker(files)
  return true
}
