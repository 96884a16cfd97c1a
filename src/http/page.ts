// The page at / and /queue, and what makes an app of it. Every address that leads nowhere ends here too:
// people get the page, which helps them on, and programs get one line.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { serveBuiltPage } from './builtPage.ts';
import type { Identify } from './caller.ts';

/** Not hashed, since the manifest names them; they change with a release at most. */
const iconsMaxAge = '1d';

const dist = fileURLToPath(new URL('../../web/dist/page', import.meta.url));

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  // The WebSocket too: 'self' matches ws and wss on the page's own host and port.
  "connect-src 'self'",
  // The MP3s, and nothing from the sites that they come from.
  "media-src 'self'",
  // data: is the icon of the tab, drawn as progress is made.
  "img-src 'self' data:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // No text ever becomes a script by way of the DOM.
  "require-trusted-types-for 'script'",
  // But for the one address of the service worker (web/page/state/notifications.ts).
  'trusted-types notifications',
];

/** A Fastify plugin; at most one of the server may answer unknown addresses, and it is this one. */
export async function page(
  app: FastifyInstance,
  { identify }: { readonly identify: Identify },
): Promise<void> {
  const send = await serveBuiltPage(app, {
    folder: 'page',
    assetsPrefix: '/assets/',
    contentSecurityPolicy,
  });
  for (const path of ['/', '/queue']) {
    app.get(path, async (request, reply) => {
      // A visitor has their cookie before the page's socket comes.
      await identify(request, reply);
      return send(reply);
    });
  }
  await app.register(fastifyStatic, {
    root: join(dist, 'icons'),
    prefix: '/icons/',
    index: false,
    maxAge: iconsMaxAge,
  });
  // Under names of their own, since browsers come back to them: they are asked for again each time.
  for (const name of ['manifest.webmanifest', 'notify.js']) {
    app.get(`/${name}`, (_request, reply) => reply.sendFile(name, dist, { maxAge: 0 }));
  }
  app.setNotFoundHandler((request, reply) => {
    const isForPeople = request.method === 'GET' && request.headers.accept?.includes('text/html');
    reply.code(404);
    if (isForPeople === true) return send(reply);
    return reply
      .header('cache-control', 'no-store')
      .type('text/plain; charset=utf-8')
      .send('There is nothing at this address; the page is at / and the API at /graphql.\n');
  });
}
