import i18next from 'i18next'
import type { TryInput, TryTask } from '#shared/samples/try'
import { toErrorData } from '#shared/errors'
import { getBridge } from '../../bridge/bridge'
import { showError } from '../try-store'
import { decodeSound } from './decode-sound'

/** Makes an input of a file that was dropped or chosen, or says what the model takes instead. */
export async function takeFile(file: File, task: TryTask, run: (input: TryInput) => void): Promise<void> {
  const refuse = (message: string) => showError({ code: 'invalid-data', message })
  const { name } = file
  try {
    switch (task.kind) {
      case 'classify-picture':
      case 'edit-picture':
      case 'read-picture':
        if (!file.type.startsWith('image/')) return refuse(i18next.t('try:wrongPicture', { name }))
        break
      case 'classify-sound':
        if (!file.type.startsWith('audio/') && !file.type.startsWith('video/')) return refuse(i18next.t('try:wrongSound', { name }))
        if (!/\.wav$/i.test(name)) return run({ kind: 'recording', samples: await decodeSound(await file.arrayBuffer(), task.sampleRate) })
        break
      case 'understand-text':
      case 'translate-text':
      case 'classify-gesture':
      case 'score-features':
        return refuse(i18next.t('try:wrongDrop', { expected: i18next.t(`try:expects.${task.kind}`) }))
      case 'tensors':
        break
    }
    const [path] = await getBridge().importFiles([file])
    if (path !== undefined) run({ kind: 'file', path })
  } catch (error) {
    showError(toErrorData(error))
  }
}
