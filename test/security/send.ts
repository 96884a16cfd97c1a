// The ways an attack travels: a GraphQL request by POST or GET, bytes on a bare connection, a WebSocket that says
// what it likes. Nothing is tidied up on the way.

import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import { sendRaw } from '../support/rawHttp.ts';
import type { Answer, Target } from './attack.ts';

/** Says with the status, too, that a document was at fault. */
const strict = 'application/graphql-response+json';

type Payload = { readonly query?: unknown; readonly [name: string]: unknown };

/** POSTs one operation as JSON. */
export async function post(
  { url }: Pick<Target, 'url'>,
  payload: string | Payload,
  headers: Readonly<Record<string, string>> = {},
  path = '/graphql',
): Promise<Answer> {
  const {
    status,
    body,
    headers: got,
  } = await sendRaw(url, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: strict, ...headers },
    body: typeof payload === 'string' ? payload : JSON.stringify(payload),
  });
  return { status, headers: got, text: body.toString() };
}

/** GETs any path, exactly as it is written. */
export async function get(
  { url }: Target,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<Answer> {
  const { status, body, headers: got } = await sendRaw(url, path, { method, headers });
  return { status, headers: got, text: body.toString('latin1') };
}

/** Writes bytes to a bare connection, and resolves with what came back until it was ended, or enough came. */
export async function sendBytes(
  { url }: Target,
  bytes: string | Buffer,
  { waitMs = 5_000 }: { readonly waitMs?: number } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  // A server that has had enough may cut the connection while we still write.
  socket.on('error', () => {});
  socket.write(bytes);
  const closed = once(socket, 'close').catch(() => {});
  const over = new AbortController();
  await Promise.race([closed, delay(waitMs, undefined, { signal: over.signal }).catch(() => {})]);
  over.abort();
  const isClosed = socket.destroyed;
  socket.destroy();
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0) || null;
  return { status, text: isClosed ? text : `${text}\n(still open)` };
}

type Handshake = ClientOptions & { readonly protocols?: string | string[] };

/**
 * Opens a WebSocket, lets `speak` do its worst, and resolves when the server has closed it: with the code, and
 * with everything it said. A handshake that is refused gives its status.
 */
export async function speak(
  { url }: Target,
  speaker: (socket: WebSocket) => void | Promise<void>,
  { protocols = 'graphql-transport-ws', ...options }: Handshake = {},
): Promise<Answer> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, protocols, options);
  const messages: string[] = [];
  socket.on('message', (data: Buffer) => messages.push(data.toString()));
  socket.on('error', () => {});
  const { promise, resolve } = Promise.withResolvers<Answer>();
  socket.on('close', (closeCode, reason) =>
    resolve({ closeCode, text: [...messages, reason.toString()].join('\n') }),
  );
  socket.on('unexpected-response', (request, response) => {
    let text = '';
    response.on('data', (chunk: Buffer) => (text += chunk.toString()));
    response.on('end', () => {
      request.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
    });
  });
  socket.on('open', () => void speaker(socket));
  return promise;
}

/** The messages as the protocol has them, each JSON on the wire. */
export const init = '{"type":"connection_init"}';
const initWith = (payload: unknown) => JSON.stringify({ type: 'connection_init', payload });
export const subscribe = (id: string, query: string, more: object = {}) =>
  JSON.stringify({ id, type: 'subscribe', payload: { query, ...more } });

type Conversation = {
  /** What the first message shows. */
  readonly shown?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** So many are enough, where a stream does not end by itself. */
  readonly mostFrames?: number;
};

/** Acknowledged, sends one operation, and closes when it was answered for good. */
export function overSocket(
  target: Target,
  query: string,
  more: object = {},
  { shown, headers = {}, mostFrames = Infinity }: Conversation = {},
): Promise<Answer> {
  let frames = 0;
  const speaker = (socket: WebSocket) => {
    socket.on('message', (data: Buffer) => {
      const { type } = JSON.parse(data.toString()) as { type: string };
      if (type === 'next') frames += 1;
      if (type === 'connection_ack') socket.send(subscribe('1', query, more));
      else if (type !== 'next' || frames === mostFrames) socket.close(1000);
    });
    socket.send(initWith(shown));
  };
  return speak(target, speaker, { headers });
}
