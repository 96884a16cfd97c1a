// The only place where things are made: settings in, parts that know each other out. It decides nothing, and
// starts neither listener nor worker.

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from './config.ts';
import { listenToChanges } from './db/changes.ts';
import { startEmbeddedPostgres } from './db/embedded.ts';
import { createPool } from './db/pool.ts';
import type { Database, PoolOptions } from './db/pool.ts';
import type { ReadinessChecks } from './http/health.ts';
import type { Logger } from './logger.ts';
import { addGauge, addGauges, createMetrics } from './metrics.ts';
import type { Metrics } from './metrics.ts';
import type { AccessOptions } from './http/caller.ts';
import type { Services } from './resolvers/context.ts';
import { bringUpToDate } from './migration.ts';
import { createKeyring, openKeyring, secretsFile } from './secrets.ts';
import { createApiKeys } from './services/apiKeys.ts';
import { createOperationBudget } from './services/operationBudget.ts';
import { createFileLinks } from './services/fileLinks.ts';
import { createJobQueries } from './services/jobQueries.ts';
import { createPreviews } from './services/previews.ts';
import { createRequests } from './services/requests.ts';
import { createJobWatch } from './services/watchJobs.ts';
import { createQueueWatch } from './services/watchQueue.ts';
import { workerLostAfterSeconds } from './services/workerPulse.ts';
import { StartError } from './startError.ts';
import { createStorage } from './storage.ts';
import { createThumbnails } from './thumbnails.ts';
import type { Storage } from './storage.ts';
import type { Thumbnails } from './thumbnails.ts';

export type App = AsyncDisposable & {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly pool: Database;
  /** A pool of its own for what must not wait behind the others' statements. The caller ends it. */
  readonly openPool: (purpose: string, limits: PoolLimits) => Database;
  readonly storage: Storage;
  readonly thumbnails: Thumbnails;
  /** What the API's resolvers are given. */
  readonly context: Services;
  /** How the API finds out who asks. */
  readonly access: AccessOptions;
  /** Whether the API can serve. */
  readonly checks: ReadinessChecks;
  /** Rejects when the embedded Postgres ended by itself. */
  readonly broken: Promise<never>;
};

type PoolLimits = Pick<PoolOptions, 'maxConnections' | 'answerTimeoutMs' | 'connectTimeoutMs'>;

/** Queries of tasks, streams and requests, beside the one connection that each running job may hold. */
const spareConnections = 10;
/** No statement of ours takes as long while the database is well. */
const answerTimeoutMs = 15_000;
/** A database that starts together with us is waited for. */
const databasePatienceMs = 15_000;
/** Enough to tell addresses apart, and too little to find one again without the secret. */
const pseudonymLength = 16;
const statusSweepEveryMs = 60_000;

/**
 * Makes all parts and brings the schema up to date. Throws StartError; `signal` ends the waiting for a
 * database, with that or an AbortError.
 */
export async function createApp(
  config: Config,
  logger: Logger,
  signal?: AbortSignal,
): Promise<App> {
  await using stack = new AsyncDisposableStack();
  const { connectionString, broken } = await findDatabase(config, logger, stack, signal);
  const applicationName = `tapedeck ${[...config.roles].join('+')}`;
  const onIdleError = (error: Error) => logger.warn({ err: error }, 'a database connection broke');
  const openPool = (purpose: string, limits: PoolLimits) => {
    const name = `${applicationName} ${purpose}`.trim();
    return createPool({ connectionString, applicationName: name, ...limits, onIdleError });
  };
  const maxConnections = config.workerConcurrency + spareConnections;
  const pool = openPool('', { maxConnections, answerTimeoutMs });
  stack.defer(() => pool.end());
  await waitForDatabase(pool, config, logger, signal);
  await bringUpToDate({ connectionString, applicationName, logger }).catch((cause: unknown) => {
    if (cause instanceof StartError) throw cause;
    throw new StartError(
      `The schema cannot be brought up to date (${reasonOf(cause)}); run "node src/main.ts migrate" as the database's owner, or let DATABASE_URL name it.`,
      { cause },
    );
  });
  const [storage, thumbnails] = await Promise.all([
    createStorage(config.dataFolder),
    createThumbnails(config.dataFolder),
  ]).catch((cause: unknown) => {
    throw new StartError(`${config.dataFolder} cannot be written; change its owner or DATA_DIR.`, {
      cause,
    });
  });

  const metrics = createMetrics();
  addGauges(
    metrics.registry,
    {
      name: 'tapedeck_disk_bytes',
      help: 'Of the file system that holds DATA_DIR: free for us, and in all',
      labels: ['kind'],
    },
    async () => {
      const { freeBytes, totalBytes } = await storage.measureDisk();
      return [
        { kind: 'free', value: freeBytes },
        { kind: 'total', value: totalBytes },
      ];
    },
  );
  const onReadError = (error: unknown) => logger.warn({ err: error }, 'live status waits');
  const jobWatch = createJobWatch({ db: pool, onReadError });
  const queueWatch = createQueueWatch({ db: pool, workerLostAfterSeconds, onReadError });
  const { sessionSecrets, dataFolder } = config;
  // A worker signs nothing, so it does not hold the secrets.
  const keyring =
    config.roles.has('api') && sessionSecrets === null
      ? openKeyring(secretsFile(dataFolder))
      : createKeyring(sessionSecrets ?? []);
  const pseudonymOf = (address: string) => keyring.sign('address', address).slice(-pseudonymLength);
  const context: Services = {
    requests: createRequests({
      pool,
      allowedHosts: config.allowedHosts,
      hasArtifact: (attempt) => storage.hasArtifact(attempt),
      async removeFiles(attempt) {
        await storage.removeArtifact(attempt);
        await thumbnails.remove(attempt.jobId);
      },
      limits: config.limits,
      pseudonymOf,
      logger,
    }),
    queries: createJobQueries({
      db: pool,
      allowedHosts: config.allowedHosts,
      workerLostAfterSeconds,
    }),
    previews: createPreviews({ db: pool, storage }),
    jobWatch,
    queueWatch,
    fileLinks: createFileLinks({ mode: config.access, keyring }),
  };
  const apiKeys = createApiKeys({ db: pool, onReadError });
  const access: AccessOptions = {
    ...{ mode: config.access, keyring, apiKeys, limits: config.limits },
    budget: createOperationBudget({ db: pool, limits: config.costLimits, pseudonymOf }),
  };
  const checks: Record<string, () => Promise<boolean> | boolean> = {
    database: () => pool.query('select').then(() => true),
  };
  if (config.roles.has('api')) {
    const feed = stack.use(
      listenToChanges({
        connectionString,
        applicationName: `${applicationName} listen`,
        pool,
        onChange: (jobIds) => jobWatch.onChange(jobIds),
        onKeysChange: () => apiKeys.recheck(),
        onConnect() {
          jobWatch.resync();
          apiKeys.recheck();
        },
        onLost(cause) {
          metrics.listenLost();
          logger.warn({ err: cause }, 'live status lost its connection');
        },
        onHeartbeat: (seconds) => metrics.listenRoundTrip(seconds),
      }),
    );
    checks['liveStatus'] = () => feed.isConnected();
    addGauge(
      metrics.registry,
      {
        name: 'tapedeck_listen_connected',
        help: '1 while this process hears what changes, else 0',
      },
      () => Number(feed.isConnected()),
    );
    // Bounds whatever loss nobody has thought of.
    const sweep = setInterval(() => {
      jobWatch.resync();
      apiKeys.recheck();
    }, statusSweepEveryMs);
    stack.defer(() => clearInterval(sweep));
  }
  const resources = stack.move();
  return {
    ...{ config, logger, metrics, pool, openPool, storage, thumbnails, context, access, checks },
    broken,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function findDatabase(
  config: Config,
  logger: Logger,
  stack: AsyncDisposableStack,
  signal?: AbortSignal,
) {
  if (config.databaseUrl !== null) {
    return { connectionString: config.databaseUrl, broken: new Promise<never>(() => {}) };
  }
  const postgres = stack.use(
    await startEmbeddedPostgres({
      dataFolder: join(config.dataFolder, 'postgres'),
      logger,
      signal,
    }),
  );
  const broken = postgres.exited.then((error) => Promise.reject(error));
  broken.catch(() => {});
  return { connectionString: postgres.connectionString, broken };
}

async function waitForDatabase(
  pool: Database,
  { databaseUrl }: Config,
  logger: Logger,
  signal?: AbortSignal,
): Promise<void> {
  const giveUpAt = performance.now() + databasePatienceMs;
  for (let isFirst = true; ; isFirst = false) {
    try {
      await pool.query('select');
      return;
    } catch (cause) {
      const { code = '' } = cause as NodeJS.ErrnoException;
      if (performance.now() > giveUpAt || hopelessCodes.test(code)) {
        const where = databaseUrl === null ? 'the embedded Postgres' : 'DATABASE_URL';
        throw new StartError(`The database cannot be used (${reasonOf(cause)}); check ${where}.`, {
          cause,
        });
      }
      if (isFirst) logger.info('Waiting for the database…');
      await delay(500, undefined, { signal });
    }
  }
}

/** What waiting does not mend: no such address, wrong credentials, no such database. */
const hopelessCodes = /^(ERR_INVALID_URL|28...|3D000)$/;

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message || String(cause) : String(cause);
}
