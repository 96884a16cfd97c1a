// The worker role: takes queue jobs and runs them, keeps itself on record, does the chores. It opens no port,
// and meets the API in Postgres only.

import type { App } from './app.ts';
import type { Logger } from './logger.ts';
import { addGauge, addGauges } from './metrics.ts';
import type { Metrics } from './metrics.ts';
import { startEgressGuard } from './media/egress.ts';
import { readYtdlpVersion } from './media/tools.ts';
import type { Tools } from './media/tools.ts';
import { createYtdlpStandby } from './media/ytdlpStandby.ts';
import { createAttempts } from './services/attempts.ts';
import type { AttemptObserver } from './services/attemptObserver.ts';
import { createUpkeep } from './services/upkeep.ts';
import { beatTimeoutMs, startWorkerPulse } from './services/workerPulse.ts';
import { createChores, crontab } from './tasks/chores.ts';
import { createConvertTask } from './tasks/convert.ts';
import type { ConvertOptions } from './tasks/convert.ts';
import { prepareYtdlp } from './tasks/obtainSource.ts';
import { outliveLostWrites, queueLogger, startRunner } from './worker/queueRunner.ts';
import { lookAfterYtdlp } from './worker/ytdlpCare.ts';
import type { ToolFinder } from './worker/ytdlpCare.ts';

/** May be disposed more than once. */
export type Worker = AsyncDisposable & {
  /** Rejects when the worker cannot go on; the process is to end then, and a supervisor to start it again. */
  readonly broken: Promise<never>;
};

/** Longer than a restart of the database takes. */
const longestFailureMs = 15_000;

/** From a worker's start to that of the first yt-dlp that waits. */
const preparedAfterMs = 2_000;

/** Starts taking jobs. Disposing hands running attempts back and waits until nothing of them is left. */
export async function startWorker(
  app: App,
  tools: Tools,
  finder: ToolFinder = { find: async () => tools, confine: async (found) => found },
): Promise<Worker> {
  const { config, metrics, pool, storage, thumbnails } = app;
  const logger = app.logger.child({ part: 'worker' });
  const onError = (error: unknown) => logger.warn({ err: error }, 'the database did not answer');
  await using stack = new AsyncDisposableStack();
  stack.use(outliveLostWrites(logger));

  const guard = stack.use(
    await startEgressGuard({
      allowedHosts: config.allowedHosts,
      environment: config.environment,
      logger,
    }),
  );
  const attempts = stack.use(
    createAttempts({
      pool,
      observer: observe(metrics, logger),
      retentionHours: config.retentionHours,
      phaseLimits: config.phaseLimits,
      lanePauseSeconds: config.lanePauseSeconds,
      onError,
    }),
  );
  addGauge(
    metrics.registry,
    { name: 'tapedeck_attempts_running', help: 'Conversions that this worker runs now' },
    () => attempts.count(),
  );
  const leaving = new AbortController();
  const inUse = await lookAfterYtdlp({
    ...{ app, tools, finder, logger, proxyUrl: guard.url, signal: leaving.signal },
  });
  addGauges(
    metrics.registry,
    {
      name: 'tapedeck_ytdlp_age_days',
      help: 'Age of the extractor that this worker uses',
      labels: ['version', 'origin'],
    },
    async () => {
      const { version, origin } = await inUse.ytdlp();
      return [{ version, origin, value: readYtdlpVersion(version, new Date())?.ageDays ?? 0 }];
    },
  );
  const slots = config.workerConcurrency;
  const deaf = Promise.withResolvers<never>();
  const leftBehind = countLeftBehind(slots);
  const onRecord = Promise.withResolvers<void>();
  onRecord.promise.catch(() => {});
  const standby = stack.use(
    createYtdlpStandby({
      openFolder: () => storage.openStandbyFolder(),
      onError: (err) => logger.warn({ err }, 'the yt-dlp that was started ahead is of no use'),
    }),
  );
  const conversion: ConvertOptions = {
    attempts,
    storage,
    thumbnails,
    ...{ ytdlp: inUse.ytdlp, onYtdlpRun: inUse.onYtdlpRun, standby },
    ffmpeg: tools.ffmpeg,
    proxyUrl: guard.url,
    hostEnvironment: config.environment,
    limits: {
      maxDurationSeconds: config.maxDurationSeconds,
      maxFilesizeBytes: config.maxFileBytes,
    },
    sourceCacheBytes: config.sourceCacheBytes,
    idleSlots: () => Math.max(0, slots - attempts.count()),
    onLeftBehind: leftBehind.add,
    logger,
    onRecord: onRecord.promise,
  };
  const convert = createConvertTask(conversion);
  const chores = createChores(
    createUpkeep({
      pool,
      storage,
      thumbnails,
      storeQuotaBytes: config.storeQuotaBytes,
      sourceCacheBytes: config.sourceCacheBytes,
      onExpired: (attempt) => logger.debug(attempt, 'MP3 expired'),
      onForgotten: (jobId) => logger.warn({ jobId }, 'the queue had lost the job, it has it again'),
    }),
    inUse.care,
    logger,
    (chore, isSuccess) => metrics.choreEnded(chore, isSuccess),
  );

  const shared = { pgPool: pool, noHandleSignals: true, logger: queueLogger(logger) } as const;
  await using runners = new AsyncDisposableStack();
  // Two pools: an hour of music in every slot must not keep the chores waiting.
  const conversions = runners.use(
    await startRunner({ ...shared, concurrency: slots, taskList: { convert } }),
  );
  const housekeeping = runners.use(
    await startRunner({ ...shared, concurrency: 1, taskList: chores, crontab }),
  );
  // When the start fails from here on: a task that waits to begin would keep its runner from stopping.
  runners.defer(() => onRecord.reject(new Error('the worker did not start')));
  const beatPool = app.openPool('pulse', {
    maxConnections: 1,
    connectTimeoutMs: beatTimeoutMs,
    answerTimeoutMs: beatTimeoutMs,
  });
  stack.defer(() => beatPool.end());
  stack.use(
    await startWorkerPulse({
      ...{ pool, beatPool },
      worker: { id: conversions.poolId, slots, otherPoolIds: [housekeeping.poolId] },
      isRunning: (key) => attempts.isRunning(key),
      onRescue(rescued) {
        metrics.attemptsRescued(rescued.length);
        for (const attempt of rescued) {
          metrics.attemptFailed('WORKER_LOST', attempt.isFinal);
          logger.warn(attempt, 'attempt taken from a lost worker');
        }
      },
      onBeat(inTouchMs) {
        // The database answers us, but not graphile-worker: one that failed as it registered its tasks
        // never recovers, and would look alive for ever. An outage is no such failure: it fails then as we do.
        const failingForMs = Math.max(conversions.failingForMs(), housekeeping.failingForMs());
        if (Math.min(failingForMs, inTouchMs) > longestFailureMs) {
          deaf.reject(new Error('graphile-worker cannot fetch jobs any more'));
        }
      },
      onCutOff() {
        logger.warn('out of touch with the database for too long: conversions are given up');
        attempts.abandon();
      },
      onError,
    }),
  );
  // At the end they stop before the pulse does: while attempts are handed back, the worker is alive.
  stack.use(runners.move());
  onRecord.resolve();
  stack.defer(async () => {
    leaving.abort(new Error('the worker is stopping'));
    // In this order: nothing is fetched any more, then every attempt is handed back. The other way round
    // a slot would take the job again that it has just handed back, and again.
    const stopping = Promise.all([conversions.stop(), housekeeping.stop()]);
    attempts.stop();
    await stopping;
  });
  const likely = config.allowedHosts.youtube ? 'youtube' : 'any';
  // Everything else that starts has the processor before.
  const ahead = setTimeout(() => prepareYtdlp(conversion, likely), preparedAfterMs);
  stack.defer(() => clearTimeout(ahead));
  logger.debug({ workerId: conversions.poolId, slots }, 'worker started');

  const ends = [conversions.ended, housekeeping.ended, deaf.promise, leftBehind.tooMuch];
  const broken = Promise.race(ends);
  broken.catch(() => {});
  const resources = stack.move();
  let stopped: Promise<void> | undefined;
  return { broken, [Symbol.asyncDispose]: () => (stopped ??= resources.disposeAsync()) };
}

function observe(metrics: Metrics, logger: Logger): AttemptObserver {
  return {
    phaseEnded(key, phase, seconds) {
      metrics.phaseEnded(phase, seconds);
      logger.debug({ ...key, phase, seconds }, 'phase completed');
    },
    ended(outcome, code) {
      metrics.attemptEnded(outcome);
      if (code !== null) metrics.attemptFailed(code, outcome === 'failed');
    },
    lost: () => metrics.attemptEnded('lost'),
    held: (jobId, answer) => logger.info({ jobId, answer }, 'the lane is paused'),
    lanePaused: (site, code, until) => logger.warn({ site, code, until }, 'lane paused'),
    laneOpened: (site, released) => logger.info({ site, released }, 'lane open again'),
  };
}

/** Work that hangs holds memory, files and perhaps tools: as much of it as there are slots is for a restart to end. */
function countLeftBehind(most: number) {
  const tooMuch = Promise.withResolvers<never>();
  tooMuch.promise.catch(() => {});
  let count = 0;
  return {
    tooMuch: tooMuch.promise,
    add(work: Promise<unknown>) {
      count += 1;
      if (count >= most) tooMuch.reject(new Error(`${count} conversions hang and cannot be ended`));
      const end = () => {
        count -= 1;
      };
      work.then(end, end);
    },
  };
}
