import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import envPaths from 'env-paths'
import { AppError } from '#shared/errors'
import { fileError } from './file-error'

/** The studio's own folder and what lies where in it. */
export interface Home {
  readonly folder: string
  readonly settingsFile: string
  readonly recentFile: string
  /** What was measured on phones. */
  readonly deviceRunsFolder: string
  readonly variantsFolder: string
  /** Results of evaluations, by model. */
  readonly evaluationsFolder: string
  /** Scratch of running jobs; emptied with each job. */
  readonly jobsFolder: string
  /** Unsaved edits, one folder for each document. */
  readonly draftsFolder: string
  /** Files that came through a browser. */
  readonly importsFolder: string
  readonly logFile: string
  /** Profile of the browser whose window shows the studio. */
  readonly browserProfileFolder: string
}

/** `EDGEFIT_HOME`, or the system's place for application data. Creates it, readable by its owner only. Throws AppError where it cannot be made. */
export function openHome(folder: string = process.env['EDGEFIT_HOME'] || envPaths('edgefit', { suffix: '' }).data): Home {
  const root = resolve(folder)
  makeFolder(root)
  return {
    folder: root,
    settingsFile: join(root, 'settings.json'),
    recentFile: join(root, 'recent.json'),
    deviceRunsFolder: join(root, 'device-runs'),
    variantsFolder: join(root, 'variants'),
    evaluationsFolder: join(root, 'evaluations'),
    jobsFolder: join(root, 'jobs'),
    draftsFolder: join(root, 'drafts'),
    importsFolder: join(root, 'imports'),
    logFile: join(root, 'logs', 'edgefit.log'),
    browserProfileFolder: join(root, 'browser-profile'),
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    // A file of that name.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new AppError({ code: 'not-found', message: `A part of the path '${path}' is not a folder.` }, { cause: error })
    throw fileError(error, path)
  }
}
