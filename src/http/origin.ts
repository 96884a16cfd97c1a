// Which names the server answers to, and from whose pages a browser may open a WebSocket. For POST nothing is
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
