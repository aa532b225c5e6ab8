import { UnstyledButton } from '@mantine/core'
import {
  IconBell,
  IconChevronRight,
  IconHandFinger,
  IconLanguage,
  IconMessageChatbot,
  IconMicrophone,
  IconNumbers,
  IconPhotoEdit,
  IconPhotoScan,
  type TablerIcon,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { metricText } from '#shared/evaluation/metric'
import { scenarios, type Sample, type Scenario } from '#shared/samples/sample'
import { formatBytes, formatMs, quantityText } from '../format/format-number'
import { localized } from '../i18n/localized'
import { openPaths } from '../session/open-models'
import styles from './welcome-screen.module.css'

const ICONS: Readonly<Record<Scenario, TablerIcon>> = {
  'image-recognition': IconPhotoScan,
  'voice-assistant': IconMessageChatbot,
  keyword: IconMicrophone,
  'image-editing': IconPhotoEdit,
  'text-in-image': IconNumbers,
  translation: IconLanguage,
  gesture: IconHandFinger,
  behaviour: IconBell,
}

/** The models that come with the studio, a card for each scenario: what it may cost, and what each model does cost. */
export function SampleGallery({ samples }: { readonly samples: readonly Sample[] }): ReactNode {
  const { t } = useTranslation()
  return (
    <section aria-label={t('welcome.samples')}>
      <h2>{t('welcome.samples')}</h2>
      <div className={styles.cards}>
        {scenarios.map((scenario) => {
          const own = samples.filter((sample) => sample.scenario === scenario)
          return own.length > 0 && <ScenarioCard key={scenario} scenario={scenario} samples={own} />
        })}
      </div>
    </section>
  )
}

function ScenarioCard({ scenario, samples }: { readonly scenario: Scenario; readonly samples: readonly Sample[] }): ReactNode {
  const { t } = useTranslation()
  const Icon = ICONS[scenario]
  const budget = samples[0]?.budget
  return (
    <article className={styles.card} aria-label={t(`scenarios.${scenario}.title`)}>
      <header className={styles.cardTop}>
        <Icon size={20} stroke={1.5} aria-hidden />
        <h3>{t(`scenarios.${scenario}.title`)}</h3>
      </header>
      <p className={styles.cardText}>{t(`scenarios.${scenario}.text`)}</p>
      <ul className={styles.models}>
        {samples.map((sample) => (
          <li key={sample.id}>
            <UnstyledButton className={styles.model} title={localized(sample.description)} onClick={() => void openPaths([sample.path])}>
              <span className={`ellipsis ${styles.modelName ?? ''}`}>{localized(sample.title)}</span>
              <span className={`figures dim ${styles.modelFigures ?? ''}`}>
                {sample.accuracy !== null && sample.metric !== null && `${t(`metrics.${sample.metric}`)} ${metricText(sample.metric, sample.accuracy)} · `}
                {quantityText(formatBytes(sample.sizeBytes))}
              </span>
              <IconChevronRight size={14} stroke={1.6} aria-hidden />
            </UnstyledButton>
          </li>
        ))}
      </ul>
      {budget && (
        <footer className={styles.budget}>
          <span className="dim">{t('welcome.budget')}</span>
          <span className="figures">
            {[budget.latencyMs === null ? null : formatMs(budget.latencyMs), budget.sizeBytes === null ? null : formatBytes(budget.sizeBytes)].flatMap((part) => (part === null ? [] : `≤ ${quantityText(part)}`)).join(' · ')}
          </span>
        </footer>
      )}
    </article>
  )
}
