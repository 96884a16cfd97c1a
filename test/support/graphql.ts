// A client as callers write it: POST for queries and mutations, graphql-ws for subscriptions. It fails loudly
// on errors that a test did not ask for.

import { createClient } from 'graphql-ws';
import type { ExecutionResult } from 'graphql';
import { WebSocket } from 'ws';

type Variables = Readonly<Record<string, unknown>>;

/** Sends one operation and answers the whole result, errors included. */
export async function send(
  url: string,
  query: string,
  variables: Variables = {},
): Promise<ExecutionResult<any>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as ExecutionResult<any>;
}

/** Sends one operation and answers its data; fails on any error. */
export async function ask(url: string, query: string, variables: Variables = {}): Promise<any> {
  const { data, errors } = await send(url, query, variables);
  if (errors) throw new Error(`${query}\n${JSON.stringify(variables)}\n${JSON.stringify(errors)}`);
  return data;
}

/** A subscription that is read frame by frame; it never reconnects by itself. */
export type Frames<Frame> = AsyncIterableIterator<Frame> & AsyncDisposable;

/** Watches; each item is the value of the subscription's one field. */
export function watch<Frame = any>(
  url: string,
  query: string,
  variables: Variables = {},
): Frames<Frame> {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    // A lazy client closes the socket with the last stream.
    lazy: true,
  });
  const results = client.iterate({ query, variables });
  const frames: Frames<Frame> = {
    [Symbol.asyncIterator]: () => frames,
    async next() {
      const { done, value } = await results.next();
      if (done === true) return { done: true, value: undefined };
      const result = value as ExecutionResult<Record<string, Frame>>;
      if (result.errors) throw new Error(`${query}\n${JSON.stringify(result.errors)}`);
      return { done: false, value: Object.values(result.data ?? {})[0] as Frame };
    },
    async return() {
      await results.return?.();
      return { done: true, value: undefined };
    },
    async [Symbol.asyncDispose]() {
      await results.return?.();
      await client.dispose();
    },
  };
  return frames;
}

/** Reads a stream to its end. */
export async function readAll<Frame>(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}
