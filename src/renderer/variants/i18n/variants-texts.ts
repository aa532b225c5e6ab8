import i18next from 'i18next'
import { variantsEn } from './en'
import { variantsZh } from './zh'

/** The panel brings its words along when it is first shown. */
export function addVariantsTexts(): void {
  i18next.addResourceBundle('en', 'variants', variantsEn)
  i18next.addResourceBundle('zh', 'variants', variantsZh)
}
