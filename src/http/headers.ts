// What every answer carries for the browser that gets it, errors included. Pages add what they load
// (builtPage.ts); whoever holds a file of ours adds how long it may be kept.

import type { FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';

/** Two years, as browsers ask of who wants to be on their lists; one year is the least. */
const strictTransportSecurity = 'max-age=63072000';

/** But for HSTS. */
export const securityHeaders: Readonly<Record<string, string>> = {
  // An answer that is no page may load nothing and be framed by nobody, whatever a browser takes it for.
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  // For browsers that do not know frame-ancestors.
  'x-frame-options': 'DENY',
  // Addresses of ours hold tokens: no other site is told them.
  'referrer-policy': 'no-referrer',
  // No window of another site keeps a hold on ours, and no page of another site embeds what we serve.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  // What the page has no use for is off for whatever gets into it. Only names that Chromium knows: it warns of others.
  'permissions-policy': [
    ...['accelerometer', 'browsing-topics', 'camera', 'display-capture'],
    ...['geolocation', 'gyroscope', 'hid', 'magnetometer', 'microphone', 'midi', 'payment'],
    ...['publickey-credentials-get', 'serial', 'usb', 'xr-spatial-tracking'],
  ]
    .map((feature) => `${feature}=()`)
    .join(', '),
  'x-permitted-cross-domain-policies': 'none',
};

/** Adds the headers to every answer of the server, and HSTS to those that go out over TLS. */
export function addSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ protocol }, reply) => {
    reply.headers(securityHeaders);
    // `https` only when a proxy that is trusted says so: this server itself speaks no TLS.
    if (protocol === 'https') reply.header('strict-transport-security', strictTransportSecurity);
  });
}

/** What Node could not read as a request, or did not get to the end of: these have no reply to put headers on. */
const unreadable: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Answers a request that never became one, where anybody is left to read it, and ends its connection. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code !== 'ECONNRESET' && socket.writable) {
    const status = unreadable[error.code ?? ''] ?? '400 Bad Request';
    const lines = Object.entries({
      ...securityHeaders,
      'cache-control': 'no-store',
      connection: 'close',
      'content-length': '0',
    });
    const head = lines.map((line) => `${line.join(': ')}\r\n`).join('');
    socket.write(`HTTP/1.1 ${status}\r\n${head}\r\n`);
  }
  socket.destroy(error);
}
