// Builds the page into web/dist/page, and serves it with hot reload for `npm run dev` (scripts/dev.ts),
// where everything but the page itself is the API's.

import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { precompress } from '../precompress.ts';

const outDir = resolve(import.meta.dirname, '../dist/page');

/** The one font is wanted by the first paint, but only the style sheet names it. */
const preloadFont: Plugin = {
  name: 'preload-font',
  transformIndexHtml: {
    order: 'post',
    handler: (_html, { bundle = {} }) =>
      Object.keys(bundle)
        .filter((name) => name.endsWith('.woff2'))
        .map((name) => ({
          tag: 'link',
          attrs: {
            rel: 'preload',
            as: 'font',
            type: 'font/woff2',
            href: `/${name}`,
            crossorigin: '',
          },
          injectTo: 'head-prepend' as const,
        })),
  },
};

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  logLevel: 'warn',
  plugins: [preloadFont, precompress(outDir)],
  // tsconfig.json says the same, but an image is built without it.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir,
    emptyOutDir: true,
    target: 'es2023',
    // Its polyfill is a script in the page, which the Content-Security-Policy forbids.
    modulePreload: { polyfill: false },
    // An asset in a data: address could neither be cached nor pass the policy.
    assetsInlineLimit: 0,
  },
});
