import type { en } from './en'

type Texts<T> = { [K in keyof T]: T[K] extends string ? string : Texts<T[K]> }

/** The shape that every language has to fill. */
export type Translations = Texts<typeof en>
