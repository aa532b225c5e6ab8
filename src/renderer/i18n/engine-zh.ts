import { checkingZh } from './engine-zh/checking-zh'
import { comparingZh } from './engine-zh/comparing-zh'
import { dataZh } from './engine-zh/data-zh'
import { editingZh } from './engine-zh/editing-zh'
import { openingZh } from './engine-zh/opening-zh'
import { phonesZh } from './engine-zh/phones-zh'
import { pruningZh } from './engine-zh/pruning-zh'
import { quantizingZh } from './engine-zh/quantizing-zh'
import { runningZh } from './engine-zh/running-zh'
import { simplifyingZh } from './engine-zh/simplifying-zh'
import { studioZh } from './engine-zh/studio-zh'
import { textZh } from './engine-zh/text-zh'
import { tryingZh } from './engine-zh/trying-zh'

/** By the engine's English sentences; see `engine-words.ts`. */
export const engineZh: Readonly<Record<string, string>> = {
  ...openingZh,
  ...checkingZh,
  ...editingZh,
  ...textZh,
  ...dataZh,
  ...runningZh,
  ...quantizingZh,
  ...pruningZh,
  ...simplifyingZh,
  ...comparingZh,
  ...tryingZh,
  ...phonesZh,
  ...studioZh,
}
