import { chmodSync } from 'node:fs'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'
import type { Plugin } from 'vite'

const MAIN_ENTRIES = {
  electron: 'src/main/host/electron/main.ts',
  start: 'src/main/host/start.ts',
  cli: 'src/main/host/cli/main.ts',
  engine: 'src/main/engine/main.ts',
  // The window's drawing of graphs, for the command line; nothing in it needs a browser.
  'graph-picture': 'src/renderer/canvas/export/draw-graph.ts',
}

/** `npx edgefit` in a checkout runs the file itself; npm sets the bit only when it first links it, not after a new build. */
function executable(path: string): Plugin {
  return { name: 'edgefit-executable', writeBundle: () => chmodSync(path, 0o755) }
}

export default defineConfig({
  main: {
    plugins: [executable('out/main/cli.js')],
    build: {
      outDir: 'out/main',
      rollupOptions: { input: MAIN_ENTRIES, output: { format: 'es' } },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      // A sandboxed preload may only be one CommonJS file, so everything it uses is bundled in.
      externalizeDeps: false,
      rollupOptions: { input: { preload: 'src/preload/preload.ts' }, output: { format: 'cjs', entryFileNames: '[name].cjs' } },
    },
  },
  renderer: {
    root: 'src/renderer',
    plugins: [react()],
    worker: { format: 'es' },
    build: {
      // Monaco and the charts are large, and loaded when first needed.
      chunkSizeWarningLimit: 4000,
      outDir: 'out/renderer',
      minify: true,
      rollupOptions: { input: 'src/renderer/index.html' },
    },
  },
})
