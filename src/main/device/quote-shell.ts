/**
 * One word of a POSIX shell's command line, taken literally whatever it holds: quotes, `$()`, newlines, any script.
 * Throws where `text` holds a NUL, which no argument can carry.
 */
export function quoteShell(text: string): string {
  if (text.includes('\0')) throw new Error('internal: a NUL cannot be part of a shell word')
  return `'${text.replaceAll("'", `'\\''`)}'`
}
