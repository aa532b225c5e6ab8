import { resolve } from 'node:path'
import { Command } from 'commander'
import { serve } from '../browser/serve'
import type { CliContext } from './cli-context'
import { wholeNumber } from './options'

export function serveCommand({ appRoot }: CliContext): Command {
  return new Command('serve')
    .description('Run the studio in a browser on this machine, until Ctrl-C.')
    .argument('[models...]', 'ONNX files to open; a sample where none is named')
    .option('--port <n>', 'port on 127.0.0.1; 0 takes a free one', wholeNumber(0, 65_535), 0)
    .option('--open', 'open a window as well')
    .action(async (models: string[], { port, open }: { port: number; open?: true }) => {
      const openAtStart = models.map((path) => resolve(path))
      await serve({ appRoot, port, openAtStart, window: open ? 'open' : 'none', say: (line) => console.log(line) })
    })
}
