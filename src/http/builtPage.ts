// What the pages in the browser have in common: `vite build` left them in web/dist, their assets are
// hashed and compressed, and they may load from this server alone. It builds nothing.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { nullWhenMissing } from '../domain/fileFaults.ts';

const dist = fileURLToPath(new URL('../../web/dist/', import.meta.url));

type BuiltPage = {
  /** Its folder under web/dist. */
  readonly folder: string;
  /** Where its hashed assets are served: the `base` of its Vite configuration, and `assets/`. */
  readonly assetsPrefix: string;
  /** What the page may load, run and reach. */
  readonly contentSecurityPolicy: readonly string[];
};

/** Sends the page's HTML, under the status that was set. Without a build: 503 and what to do. */
export type SendPage = (reply: FastifyReply) => Promise<FastifyReply>;

/**
 * Serves the assets, and gives every answer of this plugin the headers of a page. The routes of the page
 * itself are the plugin's: they answer with the returned function.
 */
export async function serveBuiltPage(
  app: FastifyInstance,
  { folder, assetsPrefix, contentSecurityPolicy }: BuiltPage,
): Promise<SendPage> {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({
      'content-security-policy': contentSecurityPolicy.join('; '),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });
  await app.register(fastifyStatic, {
    root: join(dist, folder, 'assets'),
    prefix: assetsPrefix,
    index: false,
    decorateReply: false,
    preCompressed: true,
    immutable: true,
    maxAge: '1y',
  });
  return async (reply) => {
    const page = await readFile(join(dist, folder, 'index.html')).catch(nullWhenMissing);
    if (page === null) {
      return reply
        .code(503)
        .type('text/plain; charset=utf-8')
        .send('This page is not built yet: run "npm run setup", then load it again.\n');
    }
    return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(page);
  };
}
