/** The edits that ask something first, each as a form. */
import i18next from 'i18next'
import type { GraphView } from '#shared/ipc/model-view'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { tryEdit, type EditCommandInput, shownGraph } from '../../session/edit-document'
import { nodesLabel, selectedNodes } from '../../session/edit-nodes'
import { pickPath } from '../../session/pick-path'
import { useEditStore, type EditField } from '../../stores/edit-store'
import { activeDocument, activeGraph, useSessionStore } from '../../stores/session-store'
import { isTextType, parseAttribute, TYPED_TEXT } from './attribute-text'

type Values = Readonly<Record<string, string>>

interface Question {
  readonly title: string
  readonly text?: string
  readonly submitLabel?: string
  readonly fields: readonly EditField[]
  /** What the history calls the edit. */
  readonly label: (values: Values) => string
  readonly commands: (values: Values) => readonly EditCommandInput[]
}

export const ELEMENT_TYPES = Object.keys(DATA_TYPES).filter((name) => name !== 'undefined')

function ask({ title, text, submitLabel, fields, label, commands }: Question): void {
  useEditStore.getState().setForm({
    title,
    ...(text !== undefined && { text }),
    submitLabel: submitLabel ?? i18next.t('edit:apply'),
    fields,
    submit: (values) => tryEdit(label(values), commands(values)),
  })
}

export function askDimension(suggested?: { readonly input: string; readonly axis: number }): void {
  const summary = activeDocument(useSessionStore.getState())?.summary
  if (summary === undefined) return
  const axes = summary.inputs.flatMap(({ name, shape }) => (shape ?? []).map((dim, axis) => ({ name, axis, dim })))
  const text = ({ name, axis, dim }: (typeof axes)[number]): string => `${name} [${axis}] = ${dim ?? '?'}`
  const open = axes.filter(({ dim }) => typeof dim !== 'number')
  const first = axes.find(({ name, axis }) => name === suggested?.input && axis === suggested.axis) ?? open[0] ?? axes[0]
  ask({
    title: i18next.t('edit:dimension.title'),
    text: i18next.t('edit:dimension.text'),
    fields: [
      { name: 'axis', label: i18next.t('edit:dimension.axis'), kind: 'select', options: axes.map(text), initial: first === undefined ? '' : text(first) },
      { name: 'dim', label: i18next.t('edit:dimension.dim'), kind: 'text', initial: '1', hint: i18next.t('edit:dimension.hint') },
    ],
    label: ({ axis = '', dim = '' }) => i18next.t('edit:labels.dimension', { axis: axis.replace(/ = .*$/, ''), dim }),
    commands: (values) => {
      const chosen = axes.find((axis) => text(axis) === values['axis'])
      if (chosen === undefined) return []
      return [{ kind: 'setDimension', input: chosen.name, axis: chosen.axis, dim: dimension(values['dim'] ?? '') }]
    },
  })
}

export function askOpset(): void {
  const summary = activeDocument(useSessionStore.getState())?.summary
  if (summary === undefined) return
  const current = summary.opsets.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0
  ask({
    title: i18next.t('edit:opset.title'),
    text: i18next.t('edit:opset.text', { current }),
    submitLabel: i18next.t('edit:opset.convert'),
    fields: [{ name: 'version', label: i18next.t('edit:opset.version'), kind: 'text', initial: String(current + 1) }],
    label: ({ version }) => i18next.t('edit:labels.opset', { version }),
    commands: ({ version }) => [{ kind: 'convertOpset', version: Number(version) }],
  })
}

export function askDomainVersion(): void {
  ask({
    title: i18next.t('edit:domain.title'),
    text: i18next.t('edit:domain.text'),
    fields: [
      { name: 'domain', label: i18next.t('edit:domain.domain'), kind: 'suggest', options: ['com.microsoft', 'ai.onnx.ml'], initial: '' },
      { name: 'version', label: i18next.t('edit:opset.version'), kind: 'text', initial: '1', optional: true, hint: i18next.t('edit:domain.hint') },
    ],
    label: ({ domain }) => i18next.t('edit:labels.domain', { domain }),
    commands: ({ domain = '', version = '' }) => [{ kind: 'setOpset', domain, version: version.trim() === '' ? null : Number(version) }],
  })
}

export function askMetadata(key = '', value = ''): void {
  ask({
    title: i18next.t('edit:metadata.title'),
    fields: [
      { name: 'key', label: i18next.t('edit:metadata.key'), kind: 'text', initial: key },
      { name: 'value', label: i18next.t('edit:metadata.value'), kind: 'lines', initial: value, optional: true },
    ],
    label: (values) => i18next.t('edit:labels.set', { name: values['key'] }),
    commands: (values) => [{ kind: 'setMetadata', key: values['key'] ?? '', value: values['value'] ?? '' }],
  })
}

export function askInput(): void {
  askEnd({
    title: i18next.t('edit:ends.addInput'),
    name: { name: 'name', label: i18next.t('edit:ends.name'), kind: 'text', initial: '' },
    type: { name: 'type', label: i18next.t('edit:ends.type'), kind: 'text', initial: 'float32[1]', hint: i18next.t('edit:ends.typeHint') },
    command: ({ name = '', type = '' }, graph) => ({ kind: 'addInput', graph, name, type }),
  })
}

export function askOutput(): void {
  const graph = activeGraph(useSessionStore.getState())
  askEnd({
    title: i18next.t('edit:ends.addOutput'),
    name: { name: 'name', label: i18next.t('edit:ends.value'), kind: 'suggest', options: graph === null ? [] : madeValues(graph), initial: '' },
    type: { name: 'type', label: i18next.t('edit:ends.type'), kind: 'text', initial: '', optional: true, hint: i18next.t('edit:ends.inferredHint') },
    command: ({ name = '', type = '' }, id) => ({ kind: 'addOutput', graph: id, name, ...(type.trim() !== '' && { type }) }),
  })
}

interface End {
  readonly title: string
  readonly name: EditField
  readonly type: EditField
  readonly command: (values: Values, graph: number) => EditCommandInput
}

function askEnd({ title, name, type, command }: End): void {
  const shown = shownGraph()
  if (shown === null) return
  ask({ title, fields: [name, type], label: (values) => i18next.t('edit:labels.add', { name: values['name'] }), commands: (values) => [command(values, shown.graphId)] })
}

export function askInitializer(): void {
  const shown = shownGraph()
  if (shown === null) return
  ask({
    title: i18next.t('edit:initializer.title'),
    text: i18next.t('edit:initializer.text'),
    fields: [
      { name: 'name', label: i18next.t('edit:ends.name'), kind: 'text', initial: '' },
      { name: 'dtype', label: i18next.t('edit:initializer.dtype'), kind: 'select', options: ELEMENT_TYPES, initial: 'float32' },
      { name: 'dims', label: i18next.t('edit:initializer.dims'), kind: 'text', initial: '', optional: true, hint: i18next.t('edit:initializer.dimsHint') },
      { name: 'values', label: i18next.t('edit:initializer.values'), kind: 'lines', initial: '0', hint: i18next.t('edit:initializer.valuesHint') },
    ],
    label: ({ name }) => i18next.t('edit:labels.add', { name }),
    commands: ({ name = '', dtype, dims = '', values = '' }) => {
      const shape = numbers(dims)
      const count = shape.reduce((product, dim) => product * dim, 1)
      const items = values.split(/[\s,，]+/).filter((item) => item !== '')
      const [only] = items
      const filled = items.length === 1 && only !== undefined ? Array.from({ length: count }, () => only) : items
      return [{ kind: 'addInitializer', graph: shown.graphId, name, tensor: { dtype: dtype as 'float32', dims: shape, values: filled } }]
    },
  })
}

/** Adds an attribute that the operator's schema does not have, or one it has, with its type given. */
export function askAttribute(nodeId: number, known: { readonly name: string; readonly type: string; readonly text: string } | null): void {
  const shown = shownGraph()
  if (shown === null) return
  const value: EditField = { name: 'value', label: known?.name ?? i18next.t('edit:attribute.value'), kind: 'text', initial: known?.text ?? '', optional: true, ...(known !== null && { hint: i18next.t(`edit:types.${typeKey(known.type)}`) }) }
  const fields: readonly EditField[] =
    known !== null
      ? [value]
      : [
          { name: 'name', label: i18next.t('edit:attribute.name'), kind: 'text', initial: '' },
          { name: 'type', label: i18next.t('edit:attribute.type'), kind: 'select', options: TYPED_TEXT, initial: 'int' },
          value,
        ]
  useEditStore.getState().setForm({
    title: known === null ? i18next.t('edit:attribute.addOther') : i18next.t('edit:attribute.addNamed', { name: known.name }),
    submitLabel: i18next.t('edit:add'),
    fields,
    submit: async (values) => {
      const name = known?.name ?? values['name'] ?? ''
      const type = known?.type ?? values['type'] ?? ''
      const parsed = isTextType(type) ? parseAttribute(name, type, values['value'] ?? '') : 'empty'
      if (typeof parsed === 'string') return { code: 'bad-usage', message: i18next.t(`edit:problems.${parsed}`) }
      return tryEdit(i18next.t('edit:labels.set', { name }), [{ kind: 'setAttribute', graph: shown.graphId, node: nodeId, attribute: parsed }])
    },
  })
}

export function askFunction(): void {
  const shown = shownGraph()
  const nodes = selectedNodes()
  if (shown === null || nodes.length === 0) return
  ask({
    title: i18next.t('edit:function.title'),
    text: i18next.t('edit:function.text', { name: nodesLabel(nodes) }),
    fields: [
      { name: 'name', label: i18next.t('edit:function.name'), kind: 'text', initial: '' },
      { name: 'domain', label: i18next.t('edit:function.domain'), kind: 'text', initial: 'local' },
    ],
    label: ({ name }) => i18next.t('edit:labels.function', { name }),
    commands: ({ name = '', domain = '' }) => [{ kind: 'wrapFunction', graph: shown.graphId, nodes: nodes.map(({ id }) => id), name, domain }],
  })
}

/** Cuts the model down to what lies between some values. */
export function askCut(): void {
  const summary = activeDocument(useSessionStore.getState())?.summary
  if (summary === undefined) return
  ask({
    title: i18next.t('edit:cut.title'),
    text: i18next.t('edit:cut.text'),
    fields: [
      { name: 'inputs', label: i18next.t('edit:cut.inputs'), kind: 'text', initial: summary.inputs.map(({ name }) => name).join(', ') },
      { name: 'outputs', label: i18next.t('edit:cut.outputs'), kind: 'text', initial: summary.outputs.map(({ name }) => name).join(', ') },
    ],
    label: () => i18next.t('edit:labels.cut'),
    commands: ({ inputs = '', outputs = '' }) => [{ kind: 'cut', inputs: splitNames(inputs), outputs: splitNames(outputs) }],
  })
}

/** Appends a model that the person picks. */
export async function askJoin(): Promise<void> {
  const path = await pickPath('model')
  if (path === null) return
  ask({
    title: i18next.t('edit:join.title'),
    text: path,
    fields: [{ name: 'prefix', label: i18next.t('edit:join.prefix'), kind: 'text', initial: '', optional: true, hint: i18next.t('edit:join.hint') }],
    label: () => i18next.t('edit:labels.join'),
    commands: ({ prefix = '' }) => [{ kind: 'joinModel', model: { path }, prefix }],
  })
}

/** Names of the values that nodes of a graph make. */
export function madeValues(graph: GraphView): string[] {
  return graph.nodes.flatMap(({ outputs }) => outputs.filter((name) => name !== ''))
}

/** Names that an input of a node may read. */
export function readableValues(graph: GraphView): string[] {
  return [...new Set([...graph.inputs.map(({ name }) => name), ...madeValues(graph), ...graph.initializers.map(({ name }) => name)])]
}

export function typeKey(type: string): 'int' | 'float' | 'string' | 'ints' | 'floats' | 'strings' | 'type' | 'other' {
  return isTextType(type) ? type : 'other'
}

export function dimension(text: string): number | string {
  const trimmed = text.trim()
  return /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed
}

function numbers(text: string): number[] {
  return splitNames(text.replaceAll(/[×x\s]+/g, ',')).map(Number)
}

function splitNames(text: string): string[] {
  return text.split(/[,，]/).map((item) => item.trim()).filter((item) => item !== '')
}
