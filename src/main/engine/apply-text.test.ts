import { expect, test } from 'vitest'
import { OpenDocument } from '#shared/ipc/contract'
import { sample } from '../host/testing/sample'
import { createDocuments } from './documents'

test('edited text is one edit of an open document, and undo takes it back', async () => {
  const documents = createDocuments()
  const { documentId, mainGraphId: graphId } = OpenDocument.parse(await documents.request('model.open', { path: sample.model }))
  const text = async () => ((await documents.request('model.text', { documentId, graphId })) as { text: string }).text
  const before = await text()
  const wanted = before.replace(' = MaxPool<', ' = AveragePool<')
  expect(await documents.request('document.applyText', { documentId, graphId, text: wanted })).toMatchObject({ revision: 1, dirty: true })
  expect(await text()).toBe(wanted)
  await expect(documents.request('document.applyText', { documentId, graphId, text: wanted.slice(0, -3) })).rejects.toMatchObject({ code: 'invalid-data', details: { problems: [{ message: expect.stringContaining('the end of the text') as string }] } })
  expect(await documents.request('document.undo', { documentId })).toMatchObject({ revision: 0, dirty: false })
  expect(await text()).toBe(before)
  expect(await documents.request('model.diff', { a: documentId, b: documentId })).toMatchObject({ summary: { changed: 0, added: 0, removed: 0 } })
})
