import { Button, NumberInput, Select, Switch, TextInput } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AudioPreprocessing, ImagePreprocessing, Preprocessing, TensorPreprocessing, TextPreprocessing } from '#shared/evaluation/preprocessing'
import { fileName } from '../format/format-type'
import { showNotice } from '../session/show-notice'
import { writeCard } from './evaluate-actions'
import styles from './evaluate.module.css'
import { type ScalingName, scalingOf, scalings } from './scalings'

interface CardFormProps {
  readonly card: Preprocessing
  readonly inputs: readonly string[]
  /** The tokenizer that was found. */
  readonly tokenizer: string | null
  readonly onChange: (card: Preprocessing) => void
}

/** The preprocessing card as a form. */
export function CardForm({ card, inputs, tokenizer, onChange }: CardFormProps): ReactNode {
  const { t } = useTranslation('evaluate')
  const save = async (): Promise<void> => {
    if (await writeCard(card)) showNotice({ tone: 'done', title: t('cardSaved') })
  }
  return (
    <div className={styles.card}>
      {card.kind !== 'tensor' && <Select label={t('card.input')} value={card.input} data={[...new Set([...inputs, card.input])]} allowDeselect={false} onChange={(input) => input !== null && onChange({ ...card, input })} className={styles.wide ?? ''} />}
      {card.kind === 'image' && <ImageFields card={card} onChange={onChange} />}
      {card.kind === 'audio' && <SoundFields card={card} onChange={onChange} />}
      {card.kind === 'text' && <TextFields card={card} onChange={onChange} tokenizer={tokenizer} />}
      {card.kind === 'tensor' && <TensorFields card={card} onChange={onChange} />}
      <Button variant="default" className={styles.wide ?? ''} onClick={() => void save()}>
        {t('saveCard')}
      </Button>
    </div>
  )
}

interface FieldsProps<Card> {
  readonly card: Card
  readonly onChange: (card: Card) => void
}

interface NumberFieldProps {
  readonly label: string
  readonly value: number
  readonly onChange: (value: number) => void
  readonly min?: number
  readonly whole?: boolean
}

/** Takes effect when it is left or Enter is pressed: every change is kept on disk. */
function NumberField({ label, value, onChange, min = 1, whole = true }: NumberFieldProps): ReactNode {
  const [typed, setTyped] = useState<number | string>(value)
  const [shown, setShown] = useState(value)
  if (shown !== value) {
    setShown(value)
    setTyped(value)
  }
  const commit = (): void => {
    if (typeof typed === 'number' && typed >= min && typed !== value) onChange(whole ? Math.round(typed) : typed)
    else setTyped(value)
  }
  return <NumberInput label={label} value={typed} min={min} allowDecimal={!whole} hideControls onChange={setTyped} onBlur={commit} onKeyDown={(event) => event.key === 'Enter' && commit()} />
}

function ImageFields({ card, onChange }: FieldsProps<ImagePreprocessing>): ReactNode {
  const { t } = useTranslation('evaluate')
  const scaling = scalingOf(card)
  return (
    <>
      <NumberField label={t('card.width')} value={card.width} onChange={(width) => onChange({ ...card, width })} />
      <NumberField label={t('card.height')} value={card.height} onChange={(height) => onChange({ ...card, height })} />
      <Choice label={t('card.resize')} value={card.resize} options={['crop', 'fit', 'stretch']} text={(value) => t(`card.resizes.${value}`)} onChange={(resize) => onChange({ ...card, resize })} />
      <NumberField label={t('card.cropShare')} value={card.cropShare} min={0.1} whole={false} onChange={(cropShare) => onChange({ ...card, cropShare: Math.min(1, cropShare) })} />
      <Choice label={t('card.channels')} value={card.channels} options={['rgb', 'bgr', 'gray']} text={(value) => t(`card.channelKinds.${value}`)} onChange={(channels) => onChange({ ...card, channels })} />
      <Choice label={t('card.layout')} value={card.layout} options={['nchw', 'nhwc']} text={(value) => value.toUpperCase()} onChange={(layout) => onChange({ ...card, layout })} />
      <div className={styles.wide}>
        <Choice
          label={t('card.scaling')}
          value={scaling}
          options={['unit', 'symmetric', 'imagenet', 'bytes', 'custom']}
          text={(value: ScalingName | 'custom') => t(`card.scalings.${value}`)}
          onChange={(name) => name !== 'custom' && onChange({ ...card, ...scalings[name] })}
        />
      </div>
      <NumbersField label={t('card.mean')} value={card.mean} onChange={(mean) => onChange({ ...card, mean })} />
      <NumbersField label={t('card.std')} value={card.std} onChange={(std) => onChange({ ...card, std })} />
    </>
  )
}

function SoundFields({ card, onChange }: FieldsProps<AudioPreprocessing>): ReactNode {
  const { t } = useTranslation('evaluate')
  return (
    <>
      <NumberField label={t('card.sampleRate')} value={card.sampleRate} min={1000} onChange={(sampleRate) => onChange({ ...card, sampleRate })} />
      <Choice label={t('card.features')} value={card.features} options={['waveform', 'log-mel']} text={(value) => t(`card.featureKinds.${value}`)} onChange={(features) => onChange({ ...card, features })} />
      {card.features === 'log-mel' && (
        <>
          <NumberField label={t('card.bands')} value={card.mel.bands} onChange={(bands) => onChange({ ...card, mel: { ...card.mel, bands } })} />
          <NumberField label={t('card.window')} value={card.mel.window} min={16} onChange={(window) => onChange({ ...card, mel: { ...card.mel, window } })} />
          <NumberField label={t('card.hop')} value={card.mel.hop} onChange={(hop) => onChange({ ...card, mel: { ...card.mel, hop } })} />
        </>
      )}
    </>
  )
}

function TextFields({ card, onChange, tokenizer }: FieldsProps<TextPreprocessing> & { readonly tokenizer: string | null }): ReactNode {
  const { t } = useTranslation('evaluate')
  const known = card.tokenizer ?? tokenizer
  return (
    <>
      <TextInput className={styles.wide ?? ''} label={t('card.tokenizer')} readOnly value={known === null ? t('card.noTokenizer') : fileName(known)} />
      <NumberField label={t('card.maxLength')} value={card.maxLength} onChange={(maxLength) => onChange({ ...card, maxLength })} />
      <Switch mt={24} label={t('card.padding')} checked={card.padding === 'max-length'} onChange={(event) => onChange({ ...card, padding: event.currentTarget.checked ? 'max-length' : 'none' })} />
    </>
  )
}

function TensorFields({ card, onChange }: FieldsProps<TensorPreprocessing>): ReactNode {
  const { t } = useTranslation('evaluate')
  const name = scalingOf({ scale: card.scale, mean: [card.mean], std: [card.std] })
  return (
    <>
      <div className={styles.wide}>
        <Choice
          label={t('card.scaling')}
          value={name}
          options={['unit', 'symmetric', 'bytes', 'custom']}
          text={(value) => t(`card.scalings.${value === 'imagenet' ? 'custom' : value}`)}
          onChange={(next) => next !== 'custom' && onChange({ ...card, scale: scalings[next].scale, mean: scalings[next].mean[0] ?? 0, std: scalings[next].std[0] ?? 1 })}
        />
      </div>
      <NumberField label={t('card.mean')} value={card.mean} min={-1e9} whole={false} onChange={(mean) => onChange({ ...card, mean })} />
      <NumberField label={t('card.std')} value={card.std} min={1e-9} whole={false} onChange={(std) => onChange({ ...card, std })} />
    </>
  )
}

function Choice<T extends string>({ label, value, options, text, onChange }: { readonly label: string; readonly value: T; readonly options: readonly T[]; readonly text: (value: T) => string; readonly onChange: (value: T) => void }): ReactNode {
  return <Select label={label} value={value} allowDeselect={false} data={options.map((option) => ({ value: option, label: text(option) }))} onChange={(next) => onChange(options.find((option) => option === next) ?? value)} />
}

/** One number, or one for each channel, with spaces between. */
function NumbersField({ label, value, onChange }: { readonly label: string; readonly value: readonly number[]; readonly onChange: (value: number[]) => void }): ReactNode {
  const [typed, setTyped] = useState<string | null>(null)
  const commit = (): void => {
    const numbers = (typed ?? '').trim().split(/[\s,]+/).map(Number)
    if (typed !== null && typed.trim() !== '' && numbers.length <= 4 && numbers.every(Number.isFinite)) onChange(numbers)
    setTyped(null)
  }
  return <TextInput label={label} value={typed ?? value.join(' ')} onChange={(event) => setTyped(event.currentTarget.value)} onBlur={commit} onKeyDown={(event) => event.key === 'Enter' && commit()} />
}
