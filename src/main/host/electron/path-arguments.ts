import { resolve } from 'node:path'

/** The files among an Electron process's arguments: neither its own flags nor the script it was started with. */
export function pathArguments(args: readonly string[], workingFolder: string): string[] {
  return args.filter((argument) => !argument.startsWith('-') && !/(^|[/\\])electron\.js$/.test(argument) && argument !== '.').map((path) => resolve(workingFolder, path))
}
