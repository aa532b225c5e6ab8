import i18next from 'i18next'
import { profileViewsEn } from './en'
import { profileViewsZh } from './zh'

/** The words of the panel's further views come with the panel. */
export function addProfileViewsTexts(): void {
  i18next.addResourceBundle('en', 'profileViews', profileViewsEn)
  i18next.addResourceBundle('zh', 'profileViews', profileViewsZh)
}
