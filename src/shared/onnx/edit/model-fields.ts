import { AppError } from '../../errors'
import type { EditCommandOf } from '../../ipc/edit-commands'
import { sameDomain } from '../document'
import { newestOpset } from '../schema/op-schema'
import type { EditContext } from './edit-context'

export function setModel({ edit }: EditContext, { kind: _, graphName, graphDocString, modelVersion, ...command }: EditCommandOf<'setModel'>): void {
  const given = Object.fromEntries(Object.entries(command).filter(([, value]) => value !== undefined))
  if (Object.keys(given).length > 0 || modelVersion !== undefined) edit.updateModel({ ...given, ...(modelVersion !== undefined && { modelVersion: BigInt(modelVersion) }) })
  if (graphName !== undefined) edit.updateGraph(edit.main, { name: graphName })
  if (graphDocString !== undefined) edit.updateGraph(edit.main, { docString: graphDocString })
}

export function setMetadata({ edit }: EditContext, { key, value }: EditCommandOf<'setMetadata'>): void {
  const { metadata } = edit.model
  const at = metadata.findIndex((entry) => entry.key === key)
  if (value === null && at < 0) throw new AppError({ code: 'not-found', message: `The model has no metadata '${key}'.` })
  if (value === null) edit.updateModel({ metadata: metadata.toSpliced(at, 1) })
  else edit.updateModel({ metadata: at < 0 ? [...metadata, { key, value }] : metadata.with(at, { key, value }) })
}

/** For domains other than the default one, whose nodes mean the same at any version or are the model's own functions. */
export function setOpset({ edit }: EditContext, { domain, version }: EditCommandOf<'setOpset'>): void {
  if (sameDomain(domain, '')) throw new AppError({ code: 'not-supported', message: 'The version of the default domain decides what its operators do.', hint: 'Convert the model to the other opset instead.' })
  const newest = newestOpset(domain)
  if (version !== null && newest !== null && version > newest) throw new AppError({ code: 'bad-usage', message: `${domain} goes up to version ${newest}.` })
  const { opsetImports } = edit.model
  const others = opsetImports.filter((entry) => !sameDomain(entry.domain, domain))
  if (version === null) {
    const user = edit.document.graphs().flatMap(({ nodes }) => nodes).find((node) => sameDomain(node.domain, domain))
    if (user) throw new AppError({ code: 'bad-usage', message: `${user.opType} '${user.name}' is of domain ${domain}.`, hint: 'Remove its nodes first.' })
    if (others.length === opsetImports.length) throw new AppError({ code: 'not-found', message: `The model does not use the domain ${domain}.` })
    edit.updateModel({ opsetImports: others })
    return
  }
  const at = opsetImports.findIndex((entry) => sameDomain(entry.domain, domain))
  edit.updateModel({ opsetImports: at < 0 ? [...opsetImports, { domain, version }] : opsetImports.map((entry, index) => (index === at ? { ...entry, version } : entry)) })
}
