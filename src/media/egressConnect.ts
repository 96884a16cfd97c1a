// Opens the connection that a route allows: straight to a checked address, or through the operator's
// proxy. It decides nothing.
import { once } from 'node:events';
import http from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';
import type { LookupFunction, Socket } from 'node:net';

import { SocksClient } from 'socks';

import type { Route } from './egressRoute.ts';
import type { Target } from './upstreamProxy.ts';

/** A route that was not refused. */
export type OpenRoute = Extract<Route, { refusal: null }>;

/** The operator's proxy answered, but with a refusal. */
export class UpstreamProxyError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number) {
    super(`The upstream proxy answered ${statusCode}.`);
    this.name = 'UpstreamProxyError';
    this.statusCode = statusCode;
  }
}

/** `host:port`, as CONNECT names it. */
export function authorityOf(target: Target): string {
  return `${target.hostname}:${target.port}`;
}

/**
 * A connected socket that speaks with the target itself. Rejects with the socket's error, an
 * UpstreamProxyError, or an AbortError when the signal came first; then nothing stays open.
 */
export async function openTunnel(route: OpenRoute, signal: AbortSignal): Promise<Socket> {
  if (route.upstream === null) return await connectDirectly(route, signal);
  if (!route.upstream.protocol.startsWith('socks')) {
    return await connectThroughHttp(route.upstream, route.target, signal);
  }
  const socket = await connectThroughSocks(route.upstream, route);
  if (signal.aborted) socket.destroy();
  signal.throwIfAborted();
  return socket;
}

/** A plain http request by way of the operator's http proxy, which many let tunnel to port 443 only. */
export function requestThroughProxy(
  proxy: URL,
  options: { path: string; method: string; headers: readonly string[] },
): ClientRequest {
  const credentials = credentialsFor(proxy);
  const headers = [...options.headers];
  if (credentials) headers.push('Proxy-Authorization', credentials);
  return clientFor(proxy).request({ ...endpointOf(proxy), ...options, headers, agent: false });
}

async function connectDirectly(route: OpenRoute, signal: AbortSignal): Promise<Socket> {
  // Node tries the addresses in turn (RFC 8305) but asks this instead of the resolver.
  const lookup: LookupFunction = (_hostname, _options, callback) => callback(null, route.addresses);
  const host = withoutBrackets(route.target.hostname);
  const port = route.target.port;
  const socket = connect({ host, port, lookup, autoSelectFamily: true });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.on('error', ignore).destroy();
    throw error;
  }
}

async function connectThroughHttp(
  proxy: URL,
  target: Target,
  signal: AbortSignal,
): Promise<Socket> {
  const path = authorityOf(target);
  const credentials = credentialsFor(proxy);
  const headers = {
    Host: path,
    ...(credentials === null ? {} : { 'Proxy-Authorization': credentials }),
  };
  const options = { ...endpointOf(proxy), method: 'CONNECT', path, headers, agent: false };
  const request = clientFor(proxy).request(options);
  try {
    const answered = once(request, 'connect', { signal });
    request.end();
    const [response, socket, head] = (await answered) as [IncomingMessage, Socket, Buffer];
    if (response.statusCode !== 200) {
      socket.on('error', ignore).destroy();
      throw new UpstreamProxyError(response.statusCode ?? 0);
    }
    if (head.length > 0) socket.unshift(head);
    return socket;
  } catch (error) {
    request.on('error', ignore).destroy();
    throw error;
  }
}

async function connectThroughSocks(proxy: URL, { target, addresses }: OpenRoute): Promise<Socket> {
  // As in curl: socks4 and socks5 resolve here, socks4a and socks5h at the proxy.
  const resolvesHere = /^socks[45]:$/.test(proxy.protocol);
  const address = resolvesHere ? addresses[0]?.address : undefined;
  const { socket } = await SocksClient.createConnection({
    command: 'connect',
    destination: { host: address ?? withoutBrackets(target.hostname), port: target.port },
    proxy: {
      host: withoutBrackets(proxy.hostname),
      port: Number(proxy.port) || 1080,
      type: proxy.protocol.startsWith('socks4') ? 4 : 5,
      ...(proxy.username === '' ? {} : { userId: decoded(proxy.username) }),
      ...(proxy.password === '' ? {} : { password: decoded(proxy.password) }),
    },
    timeout: 20_000,
  });
  return socket;
}

function clientFor(proxy: URL): Pick<typeof http, 'request'> {
  return proxy.protocol === 'https:' ? https : http;
}

function endpointOf(proxy: URL): { host: string; port: number } {
  const port = Number(proxy.port) || (proxy.protocol === 'https:' ? 443 : 80);
  return { host: withoutBrackets(proxy.hostname), port };
}

function credentialsFor(proxy: URL): string | null {
  if (proxy.username === '' && proxy.password === '') return null;
  const pair = `${decoded(proxy.username)}:${decoded(proxy.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** Passwords often hold a bare %. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function ignore(): void {}
