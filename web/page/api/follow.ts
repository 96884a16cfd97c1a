// Subscriptions over one lazy WebSocket, for as long as somebody follows them. A lost socket is opened
// again with growing pauses, for ever; what to do meanwhile is up to the follower.

import { createClient } from 'graphql-ws';
import { authorization, closeFor, lock } from '../state/access.ts';
import type { TypedDocumentString } from './documents.generated.ts';

const firstPauseMs = 500;
const longestPauseMs = 15_000;
const pingEveryMs = 10_000;
const pongPatienceMs = 5_000;
/** Of graphql-transport-ws: no key was shown; the one that was is not accepted, or no more. */
const keyIsMissing = 4_401;
const keyIsRefused = 4_403;
/** One of ours, of the range that RFC 6455 leaves to applications. */
const noPong = 4_408;

let socket: WebSocket | undefined;
let pongDeadline: ReturnType<typeof setTimeout> | undefined;
/** What the present socket was opened with. */
let shown: string | null = null;

const client = createClient({
  url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`,
  // follow() does it, since it has to tell how long it will wait.
  retryAttempts: 0,
  connectionParams() {
    shown = authorization();
    return shown === null ? {} : { authorization: shown };
  },
  keepAlive: pingEveryMs,
  connectionAckWaitTimeout: pongPatienceMs,
  on: {
    opened: (opened) => (socket = opened as WebSocket),
    // A socket whose network is gone stays open for minutes: only a missing pong tells.
    ping(isFromServer) {
      if (!isFromServer) pongDeadline = setTimeout(() => socket?.close(noPong), pongPatienceMs);
    },
    pong(isFromServer) {
      if (isFromServer) clearTimeout(pongDeadline);
    },
    closed(event) {
      clearTimeout(pongDeadline);
      const { code } = event as { code?: number };
      if (code === keyIsMissing || code === keyIsRefused) closeFor(shown);
    },
  },
});

let wake = Promise.withResolvers<void>();

/** Opens the socket again at once: the machine woke up, the network is back, somebody does not want to wait. */
export function reconnect(): void {
  client.terminate();
  wake.resolve();
  wake = Promise.withResolvers();
}

type Follower<Result> = {
  onData(data: Result): void;
  /** The stream is gone; the next try is due at `nextTryAt`, by this machine's clock. */
  onLost?(nextTryAt: number): void;
};

/** Follows a subscription without variables until the answered function is called. */
export function follow<Result>(
  document: TypedDocumentString<Result, Record<string, never>>,
  { onData, onLost }: Follower<Result>,
): () => void {
  const end = new AbortController();
  let pauseMs = firstPauseMs;
  let leave = () => {};

  function listen(): Promise<void> {
    return new Promise((settle) => {
      leave = client.subscribe<Result>(
        { query: document.toString() },
        {
          next({ data, errors }) {
            // A frame with errors is the server's, and the stream goes on; one without data says nothing.
            if (data == null || errors !== undefined || end.signal.aborted) return;
            pauseMs = firstPauseMs;
            onData(data);
          },
          error: () => settle(),
          complete: settle,
        },
      );
    });
  }

  async function keepListening(): Promise<void> {
    while (!end.signal.aborted) {
      await listen();
      if (end.signal.aborted) return;
      if (lock.peek() !== null) {
        // Trying would not help: reconnect() is called with the key.
        await wake.promise;
        continue;
      }
      // Not all visitors at once after a restart.
      const waitMs = pauseMs * (0.75 + Math.random() / 2);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      onLost?.(Date.now() + waitMs);
      await Promise.race([new Promise((settle) => setTimeout(settle, waitMs)), wake.promise]);
    }
  }

  void keepListening();
  return () => {
    end.abort();
    leave();
  };
}
