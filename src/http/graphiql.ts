// The API explorer at /graphiql, which works without any other host. It knows nothing of GraphQL: the
// page itself talks to /graphql.

import type { FastifyInstance } from 'fastify';
import { serveBuiltPage } from './builtPage.ts';
import type { Identify } from './caller.ts';

/** Each source was seen to be needed. */
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
];

/** A Fastify plugin: the page at /graphiql and /graphiql/, its hashed assets below. */
export async function graphiql(
  app: FastifyInstance,
  { identify }: { readonly identify: Identify },
): Promise<void> {
  const assetsPrefix = '/graphiql/assets/';
  const send = await serveBuiltPage(app, {
    folder: 'graphiql',
    assetsPrefix,
    contentSecurityPolicy,
  });
  for (const path of ['/graphiql', '/graphiql/']) {
    app.get(path, async (request, reply) => {
      await identify(request, reply);
      return send(reply);
    });
  }
}
