import { Alert, Loader } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useCallback, useEffect, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { TryInput } from '#shared/samples/try'
import { said } from '../i18n/engine-words'
import { setDropTaker } from '../session/drop-taker'
import { reportError } from '../session/report-error'
import { Answers } from './answers'
import { InputView } from './inputs/input-view'
import { takeFile } from './inputs/take-file'
import { ModelChoice } from './model-choice'
import { closeTry, describeModel, runModels, useTryStore } from './try-store'
import { addTryTexts } from './try-texts'
import styles from './try.module.css'
import { useTriedModels } from './use-tried-models'

addTryTexts()

/** Runs the model shown and its variants side by side on an input of one's own. */
export default function TryPanel(): ReactNode {
  const { t } = useTranslation('try')
  const { sourcePath, paths, chosen } = useTriedModels()
  const description = useTryStore((state) => state.description)
  const error = useTryStore((state) => state.error)
  const result = useTryStore((state) => state.result)
  const inWindow = useTryStore((state) => state.inWindow)
  const run = useCallback((input: TryInput) => void runModels(input, chosen), [chosen])

  useEffect(() => {
    if (sourcePath !== null) void describeModel(sourcePath)
  }, [sourcePath])
  useEffect(() => () => void closeTry().catch((reason: unknown) => reportError(reason)), [])
  useRunAgain(chosen, inWindow)
  useEffect(() => (description === null ? undefined : setDropTaker(([file]) => file && void takeFile(file, description.task, run))), [description, run])

  return (
    <div className={styles.panel}>
      {description === null && error === null && (
        <div className={styles.section} role="status">
          <Loader size={14} mr={8} />
          <span className="dim">{t('loading')}</span>
        </div>
      )}
      {description !== null && (
        <>
          <section className={styles.section} aria-label={t(`tasks.${description.task.kind}`)}>
            <h3 className={styles.heading}>{t(`tasks.${description.task.kind}`)}</h3>
            <InputView description={description} preview={result?.preview ?? null} expected={result?.expected ?? null} onInput={run} />
          </section>
          <ModelChoice paths={paths} chosen={chosen} single={description.task.kind !== 'translate-text'} />
        </>
      )}
      {error !== null && (
        <Alert color="red" variant="light" p={8} m={12} icon={<IconAlertTriangle size={16} aria-hidden />} {...(description === null && { title: t('failed') })}>
          <div>{said(error.message)}</div>
          {error.hint !== undefined && <div className="dim">{said(error.hint)}</div>}
        </Alert>
      )}
      {description !== null && result !== null && <Answers task={description.task} result={result} sourcePath={sourcePath ?? ''} />}
    </div>
  )
}

/** The same input again where the choice of models or runtimes changes. */
function useRunAgain(chosen: readonly string[], inWindow: boolean): void {
  const key = chosen.join('\n')
  useEffect(() => {
    const { input } = useTryStore.getState()
    if (input !== null) void runModels(input, key.split('\n'))
  }, [key, inWindow])
}
