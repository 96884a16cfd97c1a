// Carries bytes between yt-dlp and an admitted target: blindly for CONNECT, as requests for plain http.
// It decides nothing, and follows no redirect.
import { once } from 'node:events';
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';

import { openTunnel, requestThroughProxy } from './egressConnect.ts';
import type { OpenRoute } from './egressConnect.ts';
import type { Target } from './upstreamProxy.ts';

const connectLimitMs = 20_000;
/** Four times yt-dlp's own socket time-out, so that only the forgotten is cut. */
const idleLimitMs = 60_000;

/** Headers between neighbours, RFC 9110 7.6.1, and those that are the guard's own business. */
const hopByHop = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The target of `CONNECT host:port`; null when it is no such thing. */
export function targetOfTunnel(request: IncomingMessage): Target | null {
  const shape = /^(\[[0-9a-f:.]+\]|[^\s:/?#@\\[\]]+):(\d{1,5})$/i.exec(request.url ?? '');
  const hostname = shape && URL.parse(`https://${shape[1]}`)?.hostname;
  const port = Number(shape?.[2]);
  return hostname && port > 0 && port <= 65_535 ? { protocol: 'https:', hostname, port } : null;
}

/** The target of `GET http://host/path`; null for every other scheme, and for requests to the guard itself. */
export function targetOfRequest(request: IncomingMessage): Target | null {
  const url = URL.parse(request.url ?? '');
  if (url?.protocol !== 'http:') return null;
  return { protocol: 'http:', hostname: url.hostname, port: Number(url.port) || 80 };
}

/** Resolves when the tunnel stands; rejects, with nothing sent yet, when it cannot be dug. */
export async function forwardTunnel(client: Socket, head: Buffer, route: OpenRoute): Promise<void> {
  const remote = await openTunnel(route, untilGoneOrLate(client));
  if (client.destroyed) return void remote.destroy();
  limitIdleness(remote);
  client.write('HTTP/1.1 200 Connection established\r\n\r\n');
  if (head.length > 0) client.unshift(head);
  // Not stream.pipeline: one a direction warns of too many listeners, one for both cuts what the
  // client is still reading. Either end may finish first; a broken one breaks the other.
  client.pipe(remote).pipe(client);
  remote.on('error', () => {});
  remote.once('close', (isBroken) => {
    if (isBroken) client.resetAndDestroy();
    // Nobody reads from the client any more, so its end would never be seen.
    else client.end().resume();
  });
  client.once('close', () => remote.destroy());
}

/** Resolves when the answer has begun; rejects, with nothing sent yet, when there is none. */
export async function forwardRequest(
  request: IncomingMessage,
  response: ServerResponse,
  route: OpenRoute,
): Promise<void> {
  const url = new URL(request.url ?? '');
  const path = url.pathname + url.search;
  const method = request.method ?? 'GET';
  const headers = ['Host', url.host, ...endToEnd(request)];
  let outgoing;
  if (route.upstream?.protocol.startsWith('http')) {
    const absolute = `http://${url.host}${path}`;
    outgoing = requestThroughProxy(route.upstream, { method, path: absolute, headers });
    outgoing.once('socket', limitIdleness);
  } else {
    const remote = await openTunnel(route, untilGoneOrLate(response));
    if (response.destroyed) return void remote.destroy();
    limitIdleness(remote);
    outgoing = http.request({ createConnection: () => remote, method, path, headers });
  }
  const sending = outgoing.on('error', () => {});
  response.once('close', () => sending.destroy());
  request.pipe(sending);
  const [answer] = (await once(sending, 'response')) as [IncomingMessage];
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEnd(answer));
  pipeline(answer, response, () => {});
}

function untilGoneOrLate(client: Socket | ServerResponse): AbortSignal {
  const gone = new AbortController();
  client.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, AbortSignal.timeout(connectLimitMs)]);
}

function limitIdleness(socket: Socket): void {
  socket.setTimeout(idleLimitMs, () => {
    socket.destroy(Object.assign(new Error('Idle for too long.'), { code: 'ETIMEDOUT' }));
  });
}

/** Names and values in turn, as Node takes them without joining repeated ones. */
function endToEnd({ rawHeaders, headers }: IncomingMessage): string[] {
  const named = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/);
  const isEndToEnd = (name: string) => !hopByHop.has(name) && !named.includes(name);
  return rawHeaders.filter((_, index) => {
    const name = rawHeaders[index - (index % 2)] ?? '';
    return isEndToEnd(name.toLowerCase());
  });
}
