// The queue's figures as a stream: read once a second per process, only while somebody looks, and told only
// when something changed.

import { readQueueStats } from '../db/queueStats.ts';
import type { QueueStats } from '../db/queueStats.ts';
import type { Queryable } from '../db/pool.ts';
import { createStream } from './stream.ts';
import type { Stream, StreamHandle } from './stream.ts';

export type QueueWatch = { watchQueue(): Stream<QueueStats>; countStreams(): number };

type QueueWatchOptions = {
  readonly db: Queryable;
  readonly workerLostAfterSeconds: number;
  readonly onReadError: (error: unknown) => void;
};

const readEveryMs = 1_000;

export function createQueueWatch(options: QueueWatchOptions): QueueWatch {
  const handles = new Set<StreamHandle>();
  let newest: QueueStats | null = null;
  let isReading = false;
  let timer: NodeJS.Timeout | undefined;

  async function read(): Promise<void> {
    if (isReading) return;
    isReading = true;
    try {
      const stats = await readQueueStats(options.db, options.workerLostAfterSeconds);
      if (newest === null || !isSame(stats, newest)) {
        newest = stats;
        for (const handle of handles) handle.signal();
      }
    } catch (error) {
      options.onReadError(error);
    } finally {
      isReading = false;
    }
  }

  return {
    watchQueue: () =>
      createStream(
        () => {
          if (newest === null) throw new Error('a queue frame was taken before the first read');
          return newest;
        },
        (handle) => {
          handles.add(handle);
          // Nobody looked for a while: what is known is old.
          if (handles.size === 1) newest = null;
          timer ??= setInterval(() => void read(), readEveryMs);
          if (newest === null) void read();
          else handle.signal();
          return () => {
            handles.delete(handle);
            if (handles.size > 0) return;
            clearInterval(timer);
            timer = undefined;
          };
        },
      ),
    countStreams: () => handles.size,
  };
}

function isSame(a: QueueStats, b: QueueStats): boolean {
  return JSON.stringify({ ...a, asOf: null }) === JSON.stringify({ ...b, asOf: null });
}
