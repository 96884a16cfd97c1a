// Keeps the jobs as the server has them: live over the WebSocket, and by asking while that is away. It
// always says which of the two it is, and is exact again after each return.

import { signal } from '@preact/signals';
import {
  JobsByIdDocument,
  PollJobsDocument,
  QueuePositionsDocument,
  WatchJobsDocument,
  type WatchJobsSubscription,
} from '../api/documents.generated.ts';
import { lock } from './access.ts';
import { follow, reconnect } from '../api/follow.ts';
import { send } from '../api/send.ts';
import { serverNow, startClock } from './clock.ts';
import { forget, refreshHistory } from './history.ts';
import { pausedLanes } from './lanes.ts';
import {
  dropJobs,
  jobSignal,
  knownJobs,
  mergeJobs,
  mergeJobsSoon,
  onJobChange,
  type Job,
} from './jobs.ts';

type Connection =
  | { readonly kind: 'connecting' | 'live' }
  /** Not live. `polling`: asking works; `unreachable`: that does not either. */
  | { readonly kind: 'polling' | 'unreachable'; readonly nextTryAt: number };

/** How the page hears of changes at present. */
export const connection = signal<Connection>({ kind: 'connecting' });

const pollEveryMs = 3_000;
const strayPatienceMs = 1_500;
const positionsEveryMs = 15_000;
const expiredEveryMs = 30_000;
/** Where owners are apart, the links of MP3s run out after half a day. */
const linksEveryMs = 5 * 60 * 60 * 1_000;
/** A page that was hidden for so long may have slept: it asks rather than trusts. */
const longHiddenMs = 30_000;
/** `nodes` answers at most so many. */
const idsPerQuery = 100;

/** The active jobs, as far as the stream told. */
const liveIds = new Set<string>();
let wasLive = false;
let isPolling = false;
let hiddenAt = 0;

/** Starts to listen, for as long as the page is open. */
export function startConnection(): void {
  follow(WatchJobsDocument, { onData: ({ jobs }) => takeFrame(jobs), onLost: takeLoss });
  startClock(reconnect);
  window.addEventListener('online', reconnect);
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) reconnect();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') hiddenAt = Date.now();
    else if (hiddenAt > 0 && Date.now() - hiddenAt > longHiddenMs) reconnect();
  });
  onJobChange((job, before) => {
    if ((before?.status === 'QUEUED') !== (job.status === 'QUEUED')) positions.ask();
    if (!job.isTerminal && !liveIds.has(job.id)) strays.ask();
  });
  setInterval(() => positions.ask(), positionsEveryMs);
  setInterval(() => void askForExpired(), expiredEveryMs);
  setInterval(() => void refreshHistory(), linksEveryMs);
}

function takeFrame(frame: WatchJobsSubscription['jobs']): void {
  if (frame === null) return;
  if (frame.isSnapshot) liveIds.clear();
  for (const { id, isTerminal } of frame.jobs) {
    if (isTerminal) liveIds.delete(id);
    else liveIds.add(id);
  }
  for (const id of frame.removedIds) liveIds.delete(id);
  mergeJobsSoon(frame.jobs);
  if (frame.removedIds.length > 0) forget(frame.removedIds);
  connection.value = { kind: 'live' };
  if (!frame.isSnapshot) return;
  strays.ask();
  // What came and went meanwhile is in no snapshot.
  if (wasLive) void refreshHistory();
  wasLive = true;
}

function takeLoss(nextTryAt: number): void {
  liveIds.clear();
  const { kind } = connection.peek();
  connection.value = { kind: kind === 'unreachable' ? kind : 'polling', nextTryAt };
  void keepPolling();
}

async function keepPolling(): Promise<void> {
  if (isPolling) return;
  isPolling = true;
  let rounds = 0;
  for (;;) {
    const state = connection.peek();
    if (state.kind !== 'polling' && state.kind !== 'unreachable') break;
    const isReached = await poll();
    if (connection.peek().kind === 'live') break;
    // After a pause in which nothing was heard, the history may have changed as well.
    if (isReached && (state.kind === 'unreachable' || rounds % 10 === 0)) void refreshHistory();
    rounds += 1;
    const latest = connection.peek();
    if ('nextTryAt' in latest) {
      connection.value = { ...latest, kind: isReached ? 'polling' : 'unreachable' };
    }
    await new Promise((settle) => setTimeout(settle, pollEveryMs));
  }
  isPolling = false;
}

async function poll(): Promise<boolean> {
  if (lock.peek() !== null) return false;
  const heldIds = activeIds().slice(0, idsPerQuery);
  try {
    const { jobs, nodes } = await send(PollJobsDocument, { heldIds });
    takeAnswers(heldIds, nodes);
    mergeJobs(jobs?.nodes ?? []);
    return true;
  } catch {
    return false;
  }
}

/** Merges what `nodes` answered, and forgets the jobs that are no more. */
function takeAnswers(ids: readonly string[], nodes: readonly (Job | null)[]): void {
  mergeJobs(nodes.filter((job) => job !== null));
  dropJobs(ids.filter((_, index) => nodes[index] === null));
}

function activeIds(): string[] {
  return knownJobs()
    .filter((job) => !job.isTerminal)
    .map(({ id }) => id);
}

/** Active jobs that the stream does not speak of: their end was told before they were known here. */
const strays = afterwards(strayPatienceMs, async () => {
  if (connection.peek().kind !== 'live') return;
  const ids = activeIds()
    .filter((id) => !liveIds.has(id))
    .slice(0, idsPerQuery);
  if (ids.length === 0) return;
  takeAnswers(ids, (await send(JobsByIdDocument, { ids })).nodes);
  strays.ask();
});

/** The stream holds the newest jobs only; of an older one, the row itself knows when to ask. */
async function askForExpired(): Promise<void> {
  const ids = knownJobs()
    .filter(({ result }) => result?.expiresAt != null && Date.parse(result.expiresAt) < serverNow())
    .map(({ id }) => id)
    .slice(0, idsPerQuery);
  if (ids.length === 0) return;
  const { nodes } = await send(JobsByIdDocument, { ids }).catch(() => ({ nodes: null }));
  if (nodes !== null) takeAnswers(ids, nodes);
}

/** The places of the waiting jobs, and the sites that make them wait: both change without a word of the stream. */
const positions = afterwards(1_000, async () => {
  if (document.visibilityState !== 'visible') return;
  const queued = knownJobs().filter(({ status }) => status === 'QUEUED');
  if (queued.length === 0 && pausedLanes.peek().length === 0) return;
  const ids = queued
    .filter(({ nextAttemptAt }) => nextAttemptAt === null)
    .map(({ id }) => id)
    .slice(-idsPerQuery);
  const { nodes, queueStats } = await send(QueuePositionsDocument, { ids });
  pausedLanes.value = queueStats?.pausedLanes ?? [];
  mergeJobs(
    nodes.flatMap((node) => {
      const job = node === null ? undefined : jobSignal(node.id)?.peek();
      return node === null || job?.status !== 'QUEUED'
        ? []
        : [{ ...job, queuePosition: node.queuePosition }];
    }),
  );
});

/** Work that is asked for often and done once, a moment later; a failure waits for the next asking. */
function afterwards(delayMs: number, work: () => Promise<void>): { ask(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    ask() {
      timer ??= setTimeout(() => {
        timer = undefined;
        work().catch(() => {});
      }, delayMs);
    },
  };
}
