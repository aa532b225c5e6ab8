import { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { snapshotModel } from '../recovery/snapshot-model'
import type { ChannelGraph } from './channel-graph'
import { removeChannels } from './surgery'

/** A copy of the model with channels cut (by their representatives); the one given stays as it is. */
export async function cutModel(model: Model, { trace }: ChannelGraph, removed: ReadonlySet<number>): Promise<ModelDocument> {
  const trial = new ModelDocument(snapshotModel({ model }))
  await trial.transact('prune-channels', (edit) => removeChannels(edit, trace, removed))
  return trial
}
