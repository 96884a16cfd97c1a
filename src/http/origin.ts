// Which names the server answers to, for whom, and from whose pages a browser may open a WebSocket. For POST nothing is
// needed: a browser asks first (preflight) before it sends JSON to another site, and is never told yes.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isIP } from 'node:net';
import type { Config } from '../config.ts';
import { isLoopback } from '../domain/access.ts';
import { refuse } from './refusal.ts';

type Addresses = Pick<Config, 'host' | 'publicOrigins' | 'trustedProxies'>;

/**
 * Refuses requests that name another host than ours (421). Without it, a page of the web could have its own
 * name resolve to 127.0.0.1 and then read all that this server answers: DNS rebinding. A server on
 * other interfaces or behind a proxy that was not told its names answers to every name.
 */
export function refuseForeignHosts(
  app: FastifyInstance,
  { host, publicOrigins, trustedProxies }: Addresses,
): void {
  if (publicOrigins.size === 0 && (!isLoopback(host) || trustedProxies.length > 0)) return;
  const names = new Set([...publicOrigins].map((origin) => new URL(origin).hostname));
  app.addHook('onRequest', async (request, reply) => {
    const name = URL.parse(`http://${request.host}`)?.hostname ?? '';
    // Nobody can make an address resolve to another one.
    if (names.has(name) || isLoopback(name) || isIP(withoutBrackets(name)) !== 0) return;
    const sentence =
      'This server does not go by that name: its operator can add it to PUBLIC_ORIGINS.';
    return refuse(reply, 421, sentence);
  });
}

/**
 * Refuses what a proxy brings (403) while access is open to this machine alone: behind a proxy strangers come
 * from loopback too. A proxy that does not say whom it speaks for cannot be told from a browser.
 */
export function refuseForwarded(
  app: FastifyInstance,
  { access, openToNetwork }: Pick<Config, 'access' | 'openToNetwork'>,
): void {
  if (access !== 'open' || openToNetwork) return;
  app.addHook('onRequest', async ({ headers }, reply) => {
    if (forwardingHeaders.every((name) => headers[name] === undefined)) return;
    const sentence =
      'This server is open to its own machine alone, and this came through a proxy: its operator can set ACCESS to sessions or keys, or OPEN_TO_NETWORK to true when everybody who can reach it may use it.';
    return refuse(reply, 403, sentence);
  });
}

/** RFC 9110, 7.6.3; RFC 7239, and what was usual before it. No browser sends one of them. */
const forwardingHeaders = [
  ...['via', 'forwarded', 'x-real-ip'],
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port'],
];

/** True for programs, which name no origin, and for pages of this very server. */
export function isOwnPage(
  { headers: { origin }, host }: FastifyRequest,
  publicOrigins: ReadonlySet<string>,
): boolean {
  if (origin === undefined || publicOrigins.has(origin)) return true;
  // The scheme is not compared: TLS may end at a proxy that is not trusted to say so.
  return URL.parse(origin)?.host === host.toLowerCase();
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
