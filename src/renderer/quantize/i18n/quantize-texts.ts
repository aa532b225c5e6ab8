/** The panel's words in both languages, brought along with the panel instead of the first bundle. */
import i18next from 'i18next'
import { quantizeEn } from './en'
import { quantizeZh } from './zh'

export function addQuantizeTexts(): void {
  i18next.addResourceBundle('en', 'quantize', quantizeEn)
  i18next.addResourceBundle('zh', 'quantize', quantizeZh)
}
