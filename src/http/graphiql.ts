// Serves the API explorer that `vite build` left in web/dist/graphiql, and forbids its page every
// other host. It builds nothing and knows nothing of GraphQL: the page itself talks to /graphql.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const bundle = fileURLToPath(new URL('../../web/dist/graphiql', import.meta.url));

/** What the page may load, run and reach: this server alone. Each source was seen to be needed. */
const contentSecurityPolicy = [
  "default-src 'none'",
  // Monaco's workers too: without worker-src they fall under this.
  "script-src 'self'",
  // The WebSocket too: 'self' matches ws and wss on the page's own host and port.
  "connect-src 'self'",
  // Monaco writes style elements and style attributes as it draws, and knows no nonce:
  // https://github.com/microsoft/monaco-editor/issues/271
  "style-src 'self' 'unsafe-inline'",
  // data: is Fira Code, inlined in GraphiQL's style sheet, and the wave under an error, drawn by
  // Monaco.
  "font-src 'self' data:",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A Fastify plugin: the page at /graphiql and /graphiql/, its hashed assets below. */
export async function graphiql(app: FastifyInstance): Promise<void> {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });
  app.get('/graphiql', sendPage);
  app.get('/graphiql/', sendPage);
  await app.register(fastifyStatic, {
    root: join(bundle, 'assets'),
    prefix: '/graphiql/assets/',
    index: false,
    decorateReply: false,
    preCompressed: true,
    immutable: true,
    maxAge: '1y',
  });
}

async function sendPage(_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const page = await readPage();
  if (page === undefined) {
    return reply
      .code(503)
      .type('text/plain; charset=utf-8')
      .send('GraphiQL is not built yet: run "npm run setup", then load this page again.\n');
  }
  return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(page);
}

async function readPage(): Promise<Buffer | undefined> {
  try {
    return await readFile(join(bundle, 'index.html'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
