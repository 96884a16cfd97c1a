// Several Tapedecks as processes of their own on one database and one folder, as an operator runs them: for tests
// that kill, freeze and replace them. Its tools are stand-ins when a test says so.

import { join } from 'node:path';
import { fromGlobalId } from '../../src/resolvers/globalId.ts';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';
import { openFolder } from './folder.ts';
import { startTapedeck } from './tapedeck.ts';
import type { Tapedeck } from './tapedeck.ts';

export type Fleet = AsyncDisposable & {
  readonly database: Pick<TestDatabase, 'url' | 'pool'>;
  readonly dataFolder: string;
  /** Where attempts keep their files. */
  readonly workFolder: string;
  readonly api: Tapedeck;
  /** Those that were started and not stopped through `end`. */
  readonly workers: readonly Tapedeck[];
  startWorker(settings?: Readonly<Record<string, string>>): Promise<Tapedeck>;
  /** Stops a worker with the signal, and forgets it; answers its exit code. */
  end(worker: Tapedeck, signal: NodeJS.Signals): Promise<number | null>;
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
  });
  const [api] = await Promise.all([
    start('api').then((each) => stack.use(each)),
    ...Array.from({ length: count }, () => startWorker()),
  ]);
  const resources = stack.move();
  return {
    ...{ database, dataFolder, workFolder: join(dataFolder, 'work'), api, workers, startWorker },
    async end(worker, signal) {
      workers.splice(workers.indexOf(worker), 1);
      return worker.stop(signal);
    },
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
