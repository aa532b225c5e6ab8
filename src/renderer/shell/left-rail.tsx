import { ActionIcon, CloseButton, Loader, Tooltip, UnstyledButton } from '@mantine/core'
import { IconCube, IconFolderOpen } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { DirtyMark } from '../panels/edit/dirty-mark'
import { useModelTitle } from '../session/document-title'
import { closeDocument } from '../session/close-document'
import { openPaths, openWithDialog } from '../session/open-models'
import { useAppStore } from '../stores/app-store'
import { useSessionStore } from '../stores/session-store'
import styles from './side.module.css'
import { FolderNote } from './folder-note'
import { VariantsTree } from './variants-tree'

/** Variants of the model shown, open files, recent files. */
export function LeftRail(): ReactNode {
  const { t } = useTranslation()
  return (
    <nav className={styles.side} aria-label={t('shell.rail')}>
      <VariantsTree />
      <OpenFiles />
      <RecentFiles />
    </nav>
  )
}

function OpenFiles(): ReactNode {
  const { t } = useTranslation()
  const documents = useSessionStore((state) => state.documents)
  const opening = useSessionStore((state) => state.opening)
  return (
    <section aria-label={t('rail.open')}>
      <h2 className={styles.heading}>
        {t('rail.open')}
        <Tooltip label={t('actions.open')}>
          <ActionIcon size={20} aria-label={t('rail.openAnother')} onClick={() => void openWithDialog()}>
            <IconFolderOpen size={14} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </h2>
      {documents.length === 0 && opening.length === 0 && <p className={styles.empty}>{t('rail.nothingOpen')}</p>}
      <ul className={styles.list}>
        {documents.map((document) => (
          <OpenFile key={document.documentId} documentId={document.documentId} path={document.summary.path} all={documents.map(({ summary }) => summary.path)} />
        ))}
        {opening.map(({ path, name }) => (
          <li key={path} className={styles.row}>
            <Loader size={12} aria-hidden />
            <span className="dim ellipsis">{t('rail.opening', { name })}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function OpenFile({ documentId, path, all }: { readonly documentId: string; readonly path: string; readonly all: readonly string[] }): ReactNode {
  const { t } = useTranslation()
  const title = useModelTitle(path)
  const active = useSessionStore((state) => state.activeDocumentId === documentId)
  const activate = useSessionStore((state) => state.activate)
  return (
    <li className={styles.item}>
      <UnstyledButton className={styles.row} data-active={active || undefined} aria-current={active ? 'true' : undefined} title={path} onClick={() => activate(documentId)}>
        <IconCube size={14} stroke={1.6} color="var(--text-dim)" aria-hidden style={{ flex: 'none' }} />
        <span className="ellipsis" style={{ paddingRight: 16 }}>
          {title}
          <FolderNote path={path} all={all} />
        </span>
        <DirtyMark documentId={documentId} />
      </UnstyledButton>
      <CloseButton className={styles.aside ?? ''} size="xs" aria-label={t('rail.close', { name: title })} onClick={() => void closeDocument(documentId)} />
    </li>
  )
}

function RecentFiles(): ReactNode {
  const { t } = useTranslation()
  const recent = useAppStore((state) => state.recent)
  const documents = useSessionStore((state) => state.documents)
  const closed = recent.filter(({ path }) => !documents.some((document) => document.summary.path === path)).slice(0, 12)
  if (closed.length === 0) return null
  return (
    <section aria-label={t('rail.recent')}>
      <h2 className={styles.heading}>{t('rail.recent')}</h2>
      <ul className={styles.list}>
        {closed.map(({ path, name, exists }) => (
          <li key={path}>
            <UnstyledButton className={styles.row} data-missing={!exists || undefined} disabled={!exists} title={exists ? path : t('rail.missing', { path })} onClick={() => void openPaths([path])}>
              <span className="ellipsis">
                {name}
                <FolderNote path={path} all={closed.map((file) => file.path)} />
              </span>
            </UnstyledButton>
          </li>
        ))}
      </ul>
    </section>
  )
}
