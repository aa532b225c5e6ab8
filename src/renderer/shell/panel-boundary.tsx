import { Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { reportError } from '../session/report-error'
import styles from './side.module.css'

interface PanelBoundaryProps {
  readonly children: ReactNode
}

interface PanelBoundaryState {
  readonly failed: boolean
}

/** Where a panel fails, the rest of the window goes on: the panel says so and can be drawn again. React wants a class for this. */
export class PanelBoundary extends Component<PanelBoundaryProps, PanelBoundaryState> {
  override state: PanelBoundaryState = { failed: false }

  static getDerivedStateFromError(): PanelBoundaryState {
    return { failed: true }
  }

  override componentDidCatch(error: Error): void {
    reportError(error)
  }

  override render(): ReactNode {
    return this.state.failed ? <FailedPanel onRetry={() => this.setState({ failed: false })} /> : this.props.children
  }
}

function FailedPanel({ onRetry }: { readonly onRetry: () => void }): ReactNode {
  const { t } = useTranslation()
  return (
    <div className={styles.failed} role="alert">
      <p>{t('errors.panelFailed')}</p>
      <Button variant="default" onClick={onRetry}>
        {t('common.retry')}
      </Button>
    </div>
  )
}
