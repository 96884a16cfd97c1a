// graphile-worker as this process uses it: a runner that says when it is over or fetches no more, its words in our
// log, and what it lets go of. It knows no task.

import { EventEmitter } from 'node:events';
import { Logger as QueueLogger, run } from 'graphile-worker';
import type { RunnerOptions, WorkerEvents } from 'graphile-worker';
import type { Logger } from '../logger.ts';
import { AttemptLost } from '../services/attempt.ts';
import { isDatabaseUnavailable } from '../services/unavailable.ts';

export type QueueRunner = AsyncDisposable & {
  /** What queue jobs are locked by; graphile-worker tells it in an event only. */
  readonly poolId: string;
  /** Rejects when the runner is over, whoever ended it. */
  readonly ended: Promise<never>;
  /** Fetches nothing any more, and waits for the tasks that run. May be called again. */
  readonly stop: () => Promise<void>;
  /** How long it has been failing to ask for queue jobs; 0 while all is well. */
  readonly failingForMs: () => number;
};

export async function startRunner(options: RunnerOptions): Promise<QueueRunner> {
  const events: WorkerEvents = new EventEmitter();
  const created = Promise.withResolvers<string>();
  events.once('pool:create', ({ workerPool }) => created.resolve(workerPool.id));
  let failingSince: number | null = null;
  events.on('worker:getJob:error', () => (failingSince ??= performance.now()));
  events.on('worker:getJob:empty', () => (failingSince = null));
  events.on('job:start', () => (failingSince = null));
  const failingForMs = () => (failingSince === null ? 0 : performance.now() - failingSince);
  const runner = await run({ ...options, events });
  let stopping: Promise<void> | undefined;
  const ended = runner.promise.then(() => {
    // To stop a runner that is over is an error.
    stopping ??= Promise.resolve();
    throw new Error('graphile-worker stopped by itself');
  });
  // Nobody may be waiting yet, or any more.
  ended.catch(() => {});
  const stop = () => (stopping ??= runner.stop());
  const poolId = await created.promise;
  return { poolId, ended, stop, failingForMs, [Symbol.asyncDispose]: stop };
}

/**
 * graphile-worker does not wait for its last write for a queue job, and lets its failure go unhandled. The
 * job's own row has its end by then, and the sweep sees to the queue job; dying would cost all conversions.
 */
export function outliveLostWrites(logger: Logger): Disposable {
  const onRejection = (cause: unknown) => {
    if (!isDatabaseUnavailable(cause)) throw cause;
    logger.warn({ err: cause }, 'a queue job was not settled; the sweep sees to it');
  };
  process.on('unhandledRejection', onRejection);
  return { [Symbol.dispose]: () => process.off('unhandledRejection', onRejection) };
}

/** graphile-worker's own words are for debugging: what matters of a job, its task logs with its ids. */
export function queueLogger(logger: Logger): QueueLogger {
  return new QueueLogger(() => (level, message, meta) => {
    const isOurs = meta?.['error'] instanceof AttemptLost;
    if (level === 'error' && !isOurs) logger.error({ err: meta?.['error'] }, message);
    else if (level === 'warning') logger.warn(message);
    else logger.trace(message);
  });
}
