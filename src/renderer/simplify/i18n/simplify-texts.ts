/** The panel's words in both languages, brought along with the panel instead of the first bundle. */
import i18next from 'i18next'
import { simplifyEn } from './en'
import { simplifyZh } from './zh'

export function addSimplifyTexts(): void {
  i18next.addResourceBundle('en', 'simplify', simplifyEn)
  i18next.addResourceBundle('zh', 'simplify', simplifyZh)
}
