import { resolve } from 'node:path';
import tailwind from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Whose daemon is asked while developing. */
const daemon = process.env['DECKHAND_CONSOLE'] ?? 'http://127.0.0.1:8791';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwind()],
  resolve: { alias: { 'deckhand/client': resolve(import.meta.dirname, '../src/browser-client.ts') } },
  build: {
    emptyOutDir: true,
    // the page may load only its own files: nothing is put into it as data
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/v1': { target: daemon, changeOrigin: true } } },
});
