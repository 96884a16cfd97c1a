// Several Tapedecks as processes of their own on one database and one folder, as an operator runs them: for tests
// that kill, freeze and replace them. Its tools are stand-ins when a test says so.

import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fromGlobalId } from '../../src/resolvers/globalId.ts';
import { createStorage } from '../../src/storage.ts';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { openFolder } from './folder.ts';
import { processesIn } from './processes.ts';
import { startTapedeck } from './tapedeck.ts';
import type { Tapedeck } from './tapedeck.ts';

export type Fleet = AsyncDisposable & {
  readonly database: Pick<TestDatabase, 'url' | 'pool'>;
  readonly dataFolder: string;
  /** Where attempts keep their files. */
  readonly workFolder: string;
  /** The newest one. */
  readonly api: Tapedeck;
  /** Those that were started and not stopped through `end`. */
  readonly workers: readonly Tapedeck[];
  /** Starts another API, and stops the one before; answers that one's exit code. */
  replaceApi(): Promise<number | null>;
  startWorker(settings?: Readonly<Record<string, string>>): Promise<Tapedeck>;
  /** Stops a worker with the signal, and forgets it; answers its exit code. */
  end(worker: Tapedeck, signal: NodeJS.Signals): Promise<number | null>;
  /** How every job ended: `SUCCEEDED 12`. Fails when one has not after two minutes. */
  waitForAll(): Promise<string[]>;
  /** What a killed worker left is old enough after ten minutes; here it is at once, and a worker does its chore. */
  sweep(): Promise<void>;
  /** The worker whose log names the job (a global id); fails when there is none or more than one. */
  runnerOf(jobId: string): Tapedeck;
};

type FleetOptions = {
  readonly workers: number;
  readonly settings: Readonly<Record<string, string>>;
  /** Else one of its own in the tests' Postgres. */
  readonly database?: Pick<TestDatabase, 'url' | 'pool'>;
};

/** Starts one API and its workers, on a database of their own. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { workers: count, settings } = options;
  await using stack = new AsyncDisposableStack();
  const { path: dataFolder } = stack.use(await openFolder());
  const database = options.database ?? stack.use(await createTestDatabase());
  const workers: Tapedeck[] = [];
  const start = async (roles: string, own: Readonly<Record<string, string>> = {}) => {
    const shared = { DATABASE_URL: database.url, WORKER_CONCURRENCY: '1', ...settings };
    return startTapedeck({ dataFolder, settings: { ...shared, ROLES: roles, ...own } });
  };
  const startWorker = async (own: Readonly<Record<string, string>> = {}) => {
    const worker = await start('worker', own);
    workers.push(worker);
    return worker;
  };
  stack.defer(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await eventually(
      'no process of any worker to be left',
      async () => {
        const left = await processesIn(dataFolder);
        if (left.length > 0) throw new Error(left.join('\n'));
        return true;
      },
      { timeoutMs: 5_000 },
    );
  });
  let [api] = await Promise.all([
    start('api').then((each) => stack.use(each)),
    ...Array.from({ length: count }, () => startWorker()),
  ]);
  const resources = stack.move();
  return {
    ...{ database, dataFolder, workFolder: join(dataFolder, 'work'), workers, startWorker },
    get api() {
      return api;
    },
    async replaceApi() {
      const before = api;
      api = resources.use(await start('api'));
      return before.stop();
    },
    async end(worker, signal) {
      workers.splice(workers.indexOf(worker), 1);
      return worker.stop(signal);
    },
    waitForAll: () => waitForAll(database.pool),
    sweep: () => sweep(database.pool, dataFolder),
    runnerOf(jobId) {
      const id = fromGlobalId(jobId) ?? 'no job';
      const [runner, ...others] = workers.filter((worker) => worker.output().includes(id));
      if (runner === undefined || others.length > 0) {
        throw new Error(`${others.length + (runner ? 1 : 0)} workers have run ${id}`);
      }
      return runner;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function waitForAll(pool: TestDatabase['pool']): Promise<string[]> {
  return eventually(
    'every job to end',
    async () => {
      const { rows } = await pool.query<{ status: string; count: number }>(
        `select status, count(*)::integer from tapedeck.jobs group by 1 order by 1`,
      );
      const counts = rows.map(({ status, count }) => `${status} ${count}`);
      if (/QUEUED|RUNNING/.test(counts.join())) throw new Error(counts.join(', '));
      return counts;
    },
    { timeoutMs: 120_000 },
  );
}

async function sweep(pool: TestDatabase['pool'], dataFolder: string): Promise<void> {
  const storage = await createStorage(dataFolder);
  for (const { path } of await storage.listFiles()) await utimes(path, 0, 0);
  await pool.query(`select graphile_worker.add_job('sweepLeftovers')`);
  await eventually('the sweep', async () => {
    const { rowCount } = await pool.query(
      `select from graphile_worker.jobs where task_identifier = 'sweepLeftovers'`,
    );
    return rowCount === 0;
  });
}
