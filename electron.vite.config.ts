import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

const MAIN_ENTRIES = {
  electron: 'src/main/host/electron/main.ts',
  start: 'src/main/host/start.ts',
  cli: 'src/main/host/cli/main.ts',
  engine: 'src/main/engine/main.ts',
}

export default defineConfig({
  main: {
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
    build: { outDir: 'out/renderer', minify: true, rollupOptions: { input: 'src/renderer/index.html' } },
  },
})
