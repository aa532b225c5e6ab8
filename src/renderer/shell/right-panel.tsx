import { Tabs } from '@mantine/core'
import { lazy, Suspense, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useDialogsStore, type RightTab } from '../stores/dialogs-store'
import { useSessionStore } from '../stores/session-store'
import { PanelBoundary } from './panel-boundary'
import styles from './side.module.css'

const Inspector = lazy(() => import('../inspector/inspector'))
const QuantizePanel = lazy(() => import('../quantize/quantize-panel'))
const SimplifyPanel = lazy(() => import('../simplify/simplify-panel'))
const PrunePanel = lazy(() => import('../prune/prune-panel'))
const TryPanel = lazy(() => import('../try/try-panel'))

const TABS: readonly RightTab[] = ['inspector', 'quantize', 'prune', 'simplify', 'try']

/** The inspector, and the tools that work beside the graph: each shows on the graph what it is about to do. */
export function RightPanel(): ReactNode {
  const { t } = useTranslation()
  const tab = useDialogsStore((state) => state.rightTab)
  const setTab = useDialogsStore((state) => state.setRightTab)
  const empty = useSessionStore((state) => state.activeDocumentId === null)
  return (
    <aside className={styles.tools} aria-label={t(`tools.${tab}`)}>
      <Tabs value={tab} onChange={(value) => setTab(TABS.find((name) => name === value) ?? 'inspector')}>
        <Tabs.List className={styles.toolTabs ?? ''} aria-label={t('shell.tools')}>
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name} className={styles.toolTab ?? ''}>
              {t(`tools.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      <div className={styles.side} role="tabpanel" aria-label={t(`tools.${tab}`)}>
        {empty ? (
          <p className={styles.empty}>{tab === 'inspector' ? t('inspector.empty') : t('panels.noModel')}</p>
        ) : (
          <PanelBoundary key={tab}>
            <Suspense>
              {tab === 'inspector' && <Inspector />}
              {tab === 'quantize' && <QuantizePanel />}
              {tab === 'simplify' && <SimplifyPanel />}
              {tab === 'prune' && <PrunePanel />}
              {tab === 'try' && <TryPanel />}
            </Suspense>
          </PanelBoundary>
        )}
      </div>
    </aside>
  )
}
