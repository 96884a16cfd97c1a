// The egress guard: a forward proxy on loopback, inside the worker, through which all of yt-dlp's traffic
// goes, so that no link, redirect or playlist leads it to a private address. It reads no TLS and keeps nothing.
//
// Written on node:http since proxy-chain 3 answers a failed connection by closing without a word, cannot put
// the reason where yt-dlp prints it (the status line), knows no time-outs and may leave tunnels half open.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { lookup as resolveName } from 'node:dns/promises';
import { once } from 'node:events';
import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';

import type { AllowedHosts } from '../domain/allowedHosts.ts';
import type { Logger } from '../logger.ts';
import { authorityOf, UpstreamProxyError } from './egressConnect.ts';
import type { OpenRoute } from './egressConnect.ts';
import { forwardRequest, forwardTunnel, targetOfRequest, targetOfTunnel } from './egressForward.ts';
import { decideRoute } from './egressRoute.ts';
import type { EgressRules, Lookup } from './egressRoute.ts';
import { readUpstreamProxies } from './upstreamProxy.ts';
import type { Target } from './upstreamProxy.ts';

/** yt-dlp prints this, after "403", when the guard refused a target; src/media/failures.ts looks for it. */
export const egressRefusal = 'Blocked by egress guard';

/**
 * What makes a child send everything to a proxy. All four: Python follows redirects to ftp, directly when
 * only `ftp_proxy` is missing (verified with yt-dlp 2023.03.04). The child must not see any NO_PROXY, which
 * Python obeys even against yt-dlp's --proxy.
 */
export function proxyEnvironment(url: string): Record<string, string> {
  return { http_proxy: url, https_proxy: url, ftp_proxy: url, all_proxy: url };
}

/** A running guard. Disposing it cuts every connection through it. */
export type EgressGuard = AsyncDisposable & {
  /** With credentials: for `proxyEnvironment`, since every user of the machine sees command lines. */
  readonly url: string;
  /** Targets refused so far. */
  readonly refusedCount: () => number;
};

/** What the guard itself answers; `reason` goes into the status line, the only part that yt-dlp prints. */
class GuardAnswer extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string) {
    super(`${status} ${reason}`);
    this.name = 'GuardAnswer';
    this.status = status;
    this.reason = reason;
  }
}

/**
 * Starts a guard on a free port of 127.0.0.1. Throws an Error with a sentence for the operator when a
 * proxy variable holds no proxy.
 */
export async function startEgressGuard(options: {
  readonly allowedHosts: AllowedHosts;
  /** Read for the operator's own proxies. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Pick<Logger, 'warn' | 'debug'>;
  /** Tests answer for the resolver here. */
  readonly lookup?: Lookup;
}): Promise<EgressGuard> {
  const rules: EgressRules = {
    allowedHosts: options.allowedHosts,
    upstreamProxyFor: readUpstreamProxies(options.environment),
    lookup: options.lookup ?? ((hostname) => resolveName(hostname, { all: true })),
    ownAddresses,
  };
  const credentials = `tapedeck:${randomBytes(16).toString('hex')}`;
  const clients = new Set<Socket>();
  let refusedCount = 0;

  const admit = async (request: IncomingMessage, target: Target | null): Promise<OpenRoute> => {
    if (!isAuthorized(request, credentials)) throw new GuardAnswer(407, 'Credentials required');
    const route = target && (await decideRoute(target, rules));
    if (route?.refusal === null) return route;
    const why = route?.refusal ?? 'no web address';
    refusedCount += 1;
    options.logger.warn({ target: target && authorityOf(target), why }, 'egress refused');
    throw new GuardAnswer(403, `${egressRefusal}: ${why}`);
  };
  const explain = (error: unknown, target: Target | null): GuardAnswer => {
    // Its words only: the error of a SOCKS proxy carries the operator's password along.
    const why = String(error);
    options.logger.debug({ target: target && authorityOf(target), why }, 'egress failed');
    return answerFor(error);
  };

  const server = http.createServer((request, response) => {
    const target = targetOfRequest(request);
    admit(request, target)
      .then((route) => forwardRequest(request, response, route))
      .catch((error: unknown) => {
        const { status, reason } = explain(error, target);
        if (response.headersSent) response.destroy();
        else response.writeHead(status, reason, headersOf(status)).end(`${reason}\n`);
      });
  });
  server.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
    const target = targetOfTunnel(request);
    admit(request, target)
      .then((route) => forwardTunnel(client, head, route))
      .catch((error: unknown) => {
        const { status, reason } = explain(error, target);
        const headers = Object.entries(headersOf(status)).map((header) => header.join(': '));
        client.end([`HTTP/1.1 ${status} ${reason}`, ...headers, '', `${reason}\n`].join('\r\n'));
      });
  });
  server.on('connection', (client) => {
    clients.add(client);
    client.once('close', () => clients.delete(client));
    // Whoever reads from it sees the error too; without a reader it must not end the worker.
    client.on('error', () => {});
  });
  // Plain http connections are used again by yt-dlp; five seconds, the default, make it lose races.
  server.keepAliveTimeout = 60_000;
  server.headersTimeout = 10_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${credentials}@127.0.0.1:${port}`,
    refusedCount: () => refusedCount,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const client of clients) client.destroy();
      await closed;
    },
  };
}

function isAuthorized(request: IncomingMessage, credentials: string): boolean {
  const expected = Buffer.from(`Basic ${Buffer.from(credentials).toString('base64')}`);
  const given = Buffer.from(request.headers['proxy-authorization'] ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function headersOf(status: number): Record<string, string> {
  const challenge = status === 407 ? { 'Proxy-Authenticate': 'Basic realm="tapedeck"' } : {};
  return { ...challenge, 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' };
}

/** The words are those that src/media/failures.ts knows as trouble of the network. */
function answerFor(error: unknown): GuardAnswer {
  if (error instanceof GuardAnswer) return error;
  if (error instanceof UpstreamProxyError) {
    return new GuardAnswer(502, `Upstream proxy answered ${error.statusCode}`);
  }
  const { name, code = '' } = error as NodeJS.ErrnoException;
  if (name === 'AbortError' || /TIMEOUT|TIMEDOUT/.test(code)) {
    return new GuardAnswer(504, 'Connection timed out');
  }
  if (/^(?:ENOTFOUND|EAI_)/.test(code)) return new GuardAnswer(502, 'Name or service not known');
  if (code === 'ECONNREFUSED') return new GuardAnswer(502, 'Connection refused');
  return new GuardAnswer(502, 'Connection failed');
}

function ownAddresses(): ReadonlySet<string> {
  return new Set(
    Object.values(networkInterfaces()).flatMap((each) => each?.map((i) => i.address) ?? []),
  );
}
