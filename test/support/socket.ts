// A WebSocket that speaks graphql-transport-ws message by message: for what a well-behaved client hides.
// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md

import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { RawData } from 'ws';

export type Message = {
  readonly type: string;
  readonly id?: string;
  readonly payload?: any;
};

export type TestSocket = AsyncDisposable & {
  readonly raw: WebSocket;
  /** Everything received so far, in order. */
  readonly messages: readonly Message[];
  /** Settles when the socket is closed, by whomever. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  send(message: Message): void;
  subscribe(id: string, query: string, variables?: Readonly<Record<string, unknown>>): void;
  /** The first message of stream `id` from place `index` on; rejects when the socket closes before. */
  receive(id: string, index?: number): Promise<Message>;
  /** Drops what was received so far. */
  forget(): void;
  /** All messages of stream `id` up to its complete or error, these included. */
  readToEnd(id: string): Promise<Message[]>;
};

/** Connects and is acknowledged. */
export async function openSocket(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<TestSocket> {
  const raw = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
    headers,
  });
  const messages: Message[] = [];
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  let arrived = Promise.withResolvers<void>();
  let isClosed = false;
  const wake = () => {
    arrived.resolve();
    arrived = Promise.withResolvers();
  };
  raw.on('message', (data: RawData) => {
    messages.push(JSON.parse((data as Buffer).toString()) as Message);
    wake();
  });
  raw.on('error', () => {});
  raw.on('close', (code, reason) => {
    isClosed = true;
    closed.resolve({ code, reason: reason.toString() });
    wake();
  });

  async function find(what: string, choose: () => Message | undefined): Promise<Message> {
    for (;;) {
      const message = choose();
      if (message !== undefined) return message;
      if (isClosed) {
        const { code, reason } = await closed.promise;
        throw new Error(`the socket closed (${code} ${reason}) before ${what}`);
      }
      await arrived.promise;
    }
  }
  const of = (id: string) => messages.filter((message) => message.id === id);
  const isEnd = ({ type }: Message) => type === 'complete' || type === 'error';

  const socket: TestSocket = {
    raw,
    messages,
    closed: closed.promise,
    send: (message) => raw.send(JSON.stringify(message)),
    subscribe: (id, query, variables = {}) =>
      socket.send({ type: 'subscribe', id, payload: { query, variables } }),
    receive: (id, index = 0) => find(`message ${index} of ${id}`, () => of(id)[index]),
    forget: () => messages.splice(0),
    async readToEnd(id) {
      await find(`the end of ${id}`, () => of(id).find(isEnd));
      return of(id);
    },
    async [Symbol.asyncDispose]() {
      // A paused socket would never see the close.
      raw.resume();
      raw.close();
      await closed.promise;
    },
  };
  await once(raw, 'open');
  socket.send({ type: 'connection_init' });
  await find('the acknowledgement', () => messages.find(({ type }) => type === 'connection_ack'));
  return socket;
}
