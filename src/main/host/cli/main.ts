#!/usr/bin/env node
/** `edgefit`: the studio's requests and jobs from a terminal. */
import { findAppRoot } from '../app-root'
import { runCli } from './run-cli'

process.exitCode = await runCli({ appRoot: findAppRoot(import.meta.dirname), args: process.argv.slice(2) })
