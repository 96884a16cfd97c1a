// One LISTEN connection per process, kept alive for ever. A notification is only a hint that a job changed:
// after every (re)connection the listener is told to read all it cares about again, so nothing can be missed.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { jobIdPattern } from '../domain/job.ts';
import type { Database } from './pool.ts';

export type FeedOptions = {
  readonly connectionString: string;
  readonly applicationName: string;
  /** Carries the heartbeat: it has to travel through the server, not merely down this connection. */
  readonly pool: Database;
  readonly onChange: (jobIds: readonly string[]) => void;
  /** API keys were revoked. */
  readonly onKeysChange?: () => void;
  /** Called after each LISTEN: whatever changed before was not heard. */
  readonly onConnect: () => void;
  readonly onLost: (cause: unknown) => void;
  /** How long a heartbeat was on its way. */
  readonly onHeartbeat?: (seconds: number) => void;
  /** Time between heartbeats, and what each may take. Tests shorten them. */
  readonly heartbeatMs?: number;
  readonly heartbeatTimeoutMs?: number;
};

export type ChangeFeed = AsyncDisposable & { isConnected(): boolean };

const channel = 'tapedeck_jobs';
const keysChannel = 'tapedeck_keys';
const firstBackoffMs = 100;
const longestBackoffMs = 10_000;

/** Starts listening and never gives up; dispose to stop. */
export function listenToChanges(options: FeedOptions): ChangeFeed {
  const stop = new AbortController();
  let isConnected = false;

  const run = async (): Promise<void> => {
    let backoffMs = firstBackoffMs;
    while (!stop.signal.aborted) {
      try {
        await using connection = await connect(options, stop.signal);
        isConnected = true;
        backoffMs = firstBackoffMs;
        options.onConnect();
        await connection.lost;
      } catch (cause) {
        if (!stop.signal.aborted) options.onLost(cause);
      }
      isConnected = false;
      // Half of it is jitter: a restarted server is not met by all processes at once.
      const pauseMs = backoffMs * (0.5 + Math.random() / 2);
      await delay(pauseMs, undefined, { signal: stop.signal }).catch(() => {});
      backoffMs = Math.min(backoffMs * 2, longestBackoffMs);
    }
  };

  const running = run();
  return {
    isConnected: () => isConnected,
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('stopping'));
      await running;
    },
  };
}

/** A connection that listens. `lost` only ever rejects, with what ended it. */
type Connection = AsyncDisposable & { readonly lost: Promise<never> };

async function connect(options: FeedOptions, stop: AbortSignal): Promise<Connection> {
  const client = new Client({
    connectionString: options.connectionString,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  const { promise: lost, reject: lose } = Promise.withResolvers<never>();
  lost.catch(() => {});
  const onStop = () => lose(stop.reason);
  stop.addEventListener('abort', onStop, { once: true });
  client.on('error', lose);
  client.on('end', () => lose(new Error('the LISTEN connection was closed')));

  // The token goes out through the pool and has to come back here: that also finds a half-open socket, a
  // frozen backend, and a pooler that does not carry notifications.
  let token = '';
  let sentAt = 0;
  let overdue: NodeJS.Timeout | undefined;
  client.on('notification', ({ channel: heardOn, payload = '' }) => {
    if (heardOn === keysChannel) options.onKeysChange?.();
    else if (payload === token) {
      clearTimeout(overdue);
      options.onHeartbeat?.((performance.now() - sentAt) / 1_000);
    }
    // Whoever is connected may notify: anything else than ids is not for us.
    else options.onChange(payload.split(',').filter((id) => jobIdPattern.test(id)));
  });
  const beat = () => {
    token = `@${randomUUID()}`;
    sentAt = performance.now();
    clearTimeout(overdue);
    overdue = setTimeout(
      () => lose(new Error('the heartbeat did not come back')),
      options.heartbeatTimeoutMs ?? 5_000,
    );
    options.pool.query('select pg_notify($1, $2)', [channel, token]).catch(lose);
  };
  const heart = setInterval(beat, options.heartbeatMs ?? 8_000);

  const close = async () => {
    clearInterval(heart);
    clearTimeout(overdue);
    stop.removeEventListener('abort', onStop);
    // A half-open socket would let the polite end wait for ever.
    const hangUp = setTimeout(() => client.connection.stream.destroy(), 1_000);
    await client.end().catch(() => {});
    clearTimeout(hangUp);
  };
  try {
    await Promise.race([
      client.connect().then(() => client.query(`listen ${channel}; listen ${keysChannel}`)),
      lost,
    ]);
  } catch (cause) {
    await close();
    throw cause;
  }
  return { lost, [Symbol.asyncDispose]: close };
}
