import i18next from 'i18next'
import { useTranslation } from 'react-i18next'
import { pruneEn } from './i18n/en'
import { pruneZh } from './i18n/zh'

// With the panel, which is loaded when it is first opened.
i18next.addResourceBundle('en', 'prune', pruneEn)
i18next.addResourceBundle('zh', 'prune', pruneZh)

export function usePruneTexts() {
  return useTranslation('prune').t
}
