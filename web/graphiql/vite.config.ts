// Builds the API explorer into web/dist/graphiql, every asset also gzipped once for all requests.
// Not a development server: the page is small, and `npm start` serves what was built.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const outDir = resolve(import.meta.dirname, '../dist/graphiql');

const gzipAssets: Plugin = {
  name: 'gzip-assets',
  async writeBundle() {
    const assets = join(outDir, 'assets');
    for (const name of await readdir(assets)) {
      const file = join(assets, name);
      await writeFile(`${file}.gz`, gzipSync(await readFile(file)));
    }
  },
};

export default defineConfig({
  root: import.meta.dirname,
  base: '/graphiql/',
  logLevel: 'warn',
  plugins: [gzipAssets],
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
