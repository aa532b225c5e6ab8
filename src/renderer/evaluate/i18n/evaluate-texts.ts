import i18next from 'i18next'
import { evaluateEn } from './en'
import { evaluateZh } from './zh'

/** The panel's words come with the panel. */
export function addEvaluateTexts(): void {
  i18next.addResourceBundle('en', 'evaluate', evaluateEn)
  i18next.addResourceBundle('zh', 'evaluate', evaluateZh)
}
