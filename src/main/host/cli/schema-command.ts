import { Argument, Command } from 'commander'
import type { CliContext } from './cli-context'
import { printJson } from './output'
import { withSession } from './session'

export function schemaCommand(context: CliContext): Command {
  return new Command('schema')
    .description('Print a JSON schema, for editors and checks.')
    .addArgument(new Argument('<what>', 'what to describe').choices(['recipe', 'edit']))
    .action(async (what: 'recipe' | 'edit') => {
      printJson(await withSession(context, ({ request }) => request(what === 'edit' ? 'edit.schema' : 'recipes.schema', {})))
    })
}
