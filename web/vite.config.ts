import path from 'node:path'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: path.join(import.meta.dirname, 'dist'),
    emptyOutDir: true,
    target: 'es2023',
    // a data: address would be one more source to allow
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // what the build's measure of a first visit reads
    manifest: true,
    rolldownOptions: {
      onwarn(warning, warn) {
        // React's servers would want "use client"; there is none here
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning)
      },
    },
  },
  // `npx vite web` beside a server that runs: the page is rebuilt as it is edited
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
})
