import { AppError } from '#shared/errors'

/** Puts an error of the file system into words. What is no such error comes back as it was. */
export function fileError(error: unknown, path: string): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error
  const cause = { cause: error }
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new AppError({ code: 'disk-full', message: `The disk is full: '${path}' could not be written.`, hint: 'Free some space and try again.' }, cause)
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new AppError({ code: 'permission-denied', message: `There is no permission for '${path}'.`, hint: 'Choose another folder or change its permissions.' }, cause)
    case 'ENOENT':
      return new AppError({ code: 'not-found', message: `There is no '${path}'.` }, cause)
    case 'ENOTDIR':
      return new AppError({ code: 'not-found', message: `A part of the path '${path}' is not a folder.` }, cause)
    case 'EISDIR':
    case 'ENOTEMPTY':
      return new AppError({ code: 'bad-usage', message: `'${path}' is a folder.`, hint: 'Give a file name.' }, cause)
    default:
      return error
  }
}
