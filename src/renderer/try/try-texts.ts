/** The panel's own words: fetched with it, not with the window. */
import i18next from 'i18next'
import { tryEn } from './i18n/en'
import { tryZh } from './i18n/zh'

export function addTryTexts(): void {
  i18next.addResourceBundle('en', 'try', tryEn)
  i18next.addResourceBundle('zh', 'try', tryZh)
}
