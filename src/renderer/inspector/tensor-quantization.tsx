import { Anchor, Switch } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { TensorDetails } from '#shared/ipc/model-view'
import { useSelectionStore } from '../stores/selection-store'
import { Properties, Property, Section } from './property-list'

interface QuantizationProps {
  readonly quantization: NonNullable<TensorDetails['quantization']>
  readonly dequantize: boolean
  readonly onToggle: (dequantize: boolean) => void
}

/** How the values are codes for others, and a switch to see those. */
export function Quantization({ quantization: { node, scale, zeroPoint, axis, blockSize }, dequantize, onToggle }: QuantizationProps): ReactNode {
  const { t } = useTranslation('canvas')
  const select = (name: string): void => useSelectionStore.getState().select({ kind: 'tensor', name })
  return (
    <Section title={t('tensor.quantization')}>
      <Properties>
        <Property name={t('tensor.readBy')}>
          <Anchor component="button" size="sm" onClick={() => useSelectionStore.getState().select({ kind: 'node', nodeId: node.id })}>
            {node.opType}
          </Anchor>
        </Property>
        <Property name={t('tensor.scale')}>
          <Anchor component="button" size="sm" onClick={() => select(scale)}>
            {scale}
          </Anchor>
        </Property>
        <Property name={t('tensor.zeroPoint')}>
          {zeroPoint === null ? (
            <span className="dim">{t('tensor.noZeroPoint')}</span>
          ) : (
            <Anchor component="button" size="sm" onClick={() => select(zeroPoint)}>
              {zeroPoint}
            </Anchor>
          )}
        </Property>
        <Property name={t('tensor.scaleOf')}>{axis === null ? t('tensor.perTensor') : blockSize > 0 ? t('tensor.perBlock', { axis, size: blockSize }) : t('tensor.perChannel', { axis })}</Property>
      </Properties>
      <Switch mt={4} label={t('tensor.dequantized')} checked={dequantize} onChange={(event) => onToggle(event.currentTarget.checked)} />
    </Section>
  )
}
