// Builds the API explorer into web/dist/graphiql, every asset compressed once for all requests.
// Not a development server: the page is small, and `npm start` serves what was built.

import { resolve } from 'node:path';
import { defineConfig } from 'vite';
import { precompress } from '../precompress.ts';

const outDir = resolve(import.meta.dirname, '../dist/graphiql');

export default defineConfig({
  root: import.meta.dirname,
  base: '/graphiql/',
  logLevel: 'warn',
  plugins: [precompress(outDir)],
  build: {
    outDir,
    emptyOutDir: true,
    // Monaco is one chunk of 3 MB; GraphiQL loads it when the page opens, so splitting gains nothing.
    chunkSizeWarningLimit: 3000,
    rolldownOptions: {
      // GraphiQL takes the titles of its icons from the names of their functions.
      output: { keepNames: true },
      // "use client" in React's libraries: 30 warnings about what has no meaning here.
      checks: { moduleLevelDirective: false },
    },
  },
});
