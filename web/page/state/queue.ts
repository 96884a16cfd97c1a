// The figures of the whole queue: those of the moment live, those of the last hour asked for when
// something has ended, and every now and then because time passes.

import { signal } from '@preact/signals';
import {
  QueueHourDocument,
  WatchQueueDocument,
  type QueueHourQuery,
  type QueueNowFragment,
} from '../api/documents.generated.ts';
import { follow } from '../api/follow.ts';
import { send } from '../api/send.ts';
import { connection } from './connection.ts';
import { pausedLanes } from './lanes.ts';

type QueueHour = NonNullable<QueueHourQuery['queueStats']>;

/** Null until first heard of. */
export const queueNow = signal<QueueNowFragment | null>(null);
export const queueHour = signal<QueueHour | null>(null);

const hourEveryMs = 15_000;
const withoutSocketEveryMs = 4_000;
const afterChangeMs = 1_000;

/** Follows the figures until the answered function is called. */
export function watchQueue(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dueAt = 0;
  let isWatched = true;

  const plan = (delayMs: number) => {
    const wantedAt = Date.now() + delayMs;
    if (timer !== undefined && dueAt <= wantedAt) return;
    clearTimeout(timer);
    dueAt = wantedAt;
    timer = setTimeout(() => void readHour(), delayMs);
  };
  const readHour = async () => {
    const { queueStats } = await send(QueueHourDocument, {}).catch(() => ({ queueStats: null }));
    timer = undefined;
    if (!isWatched) return;
    if (queueStats !== null) {
      queueHour.value = queueStats;
      if (connection.peek().kind !== 'live') takeNow(queueStats);
    }
    plan(connection.peek().kind === 'live' ? hourEveryMs : withoutSocketEveryMs);
  };
  const stopFollowing = follow(WatchQueueDocument, {
    onData({ queueStats }) {
      if (queueStats === null) return;
      takeNow(queueStats);
      plan(afterChangeMs);
    },
    onLost: () => plan(withoutSocketEveryMs),
  });
  void readHour();
  return () => {
    isWatched = false;
    clearTimeout(timer);
    stopFollowing();
  };
}

function takeNow(stats: QueueNowFragment): void {
  queueNow.value = stats;
  pausedLanes.value = stats.pausedLanes;
}
