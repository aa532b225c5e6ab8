import { ActionIcon, CopyButton, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { EditableText } from '../panels/edit/editable-text'
import styles from './inspector.module.css'

interface PageTitleProps {
  readonly kind: string
  readonly name: string
  /** For what can be renamed: the name to begin with, and what takes a new one or says why not. */
  readonly rename?: { readonly label: string; readonly value: string; readonly submit: (name: string) => Promise<string | null> }
}

export function PageTitle({ kind, name, rename }: PageTitleProps): ReactNode {
  const title = (
    <Copyable text={name}>
      <h2>{name}</h2>
    </Copyable>
  )
  return (
    <header className={styles.title}>
      <div className={styles.kind}>{kind}</div>
      {rename === undefined ? (
        title
      ) : (
        <EditableText label={rename.label} value={rename.value} onSubmit={rename.submit}>
          {title}
        </EditableText>
      )}
    </header>
  )
}

export function Section({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <section className={styles.section} aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  )
}

export function Properties({ children }: { readonly children: ReactNode }): ReactNode {
  return <dl className={styles.properties}>{children}</dl>
}

interface PropertyProps {
  readonly name: string
  readonly children: ReactNode
  /** What copying gives; without it there is nothing to copy. */
  readonly copy?: string
}

export function Property({ name, children, copy }: PropertyProps): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      <dd className="figures">{copy === undefined ? children : <Copyable text={copy}>{children}</Copyable>}</dd>
    </>
  )
}

/** Shows a copy button while the pointer or the focus is on it. */
export function Copyable({ text, children }: { readonly text: string; readonly children: ReactNode }): ReactNode {
  const { t } = useTranslation()
  return (
    <div className={styles.value}>
      <div>{children}</div>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? t('common.copied') : t('common.copy')}>
            <ActionIcon className={styles.copy ?? ''} size={18} aria-label={t('common.copyName', { name: text })} onClick={copy}>
              {copied ? <IconCheck size={12} aria-hidden /> : <IconCopy size={12} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </div>
  )
}
