import i18next from 'i18next'
import type { Localized } from '#shared/samples/sample'

/** A text that comes with its translations, in the window's language. */
export function localized(text: Localized): string {
  return i18next.language === 'zh' ? text.zh : text.en
}
