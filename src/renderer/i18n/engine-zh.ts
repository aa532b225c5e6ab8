import { dataZh } from './engine-zh/data-zh'
import { openingZh } from './engine-zh/opening-zh'
import { phonesZh } from './engine-zh/phones-zh'
import { pruningZh } from './engine-zh/pruning-zh'
import { quantizingZh } from './engine-zh/quantizing-zh'

/** By the engine's English sentences; see `engine-words.ts`. */
export const engineZh: Readonly<Record<string, string>> = { ...openingZh, ...dataZh, ...quantizingZh, ...pruningZh, ...phonesZh }
