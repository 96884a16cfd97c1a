// What this part measures: an API process of Tapedeck's on an embedded Postgres of its own, as it comes, with every
// commit flushed to the disk. It has no worker: nothing but the measured is to run.

import { readFile } from 'node:fs/promises';
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';
import { migrate, migrateQueue } from '../../src/db/migrate.ts';
import { createPool } from '../../src/db/pool.ts';
import type { Database } from '../../src/db/pool.ts';
import { createStorage } from '../../src/storage.ts';
import type { Storage } from '../../src/storage.ts';
import type { Folder } from '../../test/support/folder.ts';
import { startTapedeck } from '../../test/support/tapedeck.ts';
import type { Tapedeck } from '../../test/support/tapedeck.ts';

export type House = AsyncDisposable & {
  /** Empty, or the size of its past. */
  readonly name: string;
  readonly databaseUrl: string;
  readonly pool: Database;
  readonly api: Tapedeck;
  /** Of the API and of the server of its database. */
  readonly pids: readonly number[];
  /** Of the MP3s that the API serves. */
  readonly storage: Storage;
};

/** The limits of a shared server would be what is measured. */
const unlimited = { MAX_SOCKETS_PER_ADDRESS: '100000', MAX_QUEUED_JOBS: '0' };

/** `fill` is run before the API starts. */
export async function openHouse(
  name: string,
  folder: Folder,
  fill?: (pool: Database) => Promise<void>,
): Promise<House> {
  await using stack = new AsyncDisposableStack();
  const dataFolder = folder.file(`postgres-${name}`);
  const { connectionString } = stack.use(await startEmbeddedPostgres({ dataFolder }));
  const pool = createPool({
    ...{ connectionString, applicationName: 'bench', maxConnections: 8 },
    onIdleError: () => {},
  });
  stack.defer(() => pool.end());
  await migrate(pool);
  await migrateQueue(pool);
  await fill?.(pool);
  const apiFolder = folder.file(`data-${name}`);
  const api = stack.use(
    await startTapedeck({
      dataFolder: apiFolder,
      settings: {
        ...unlimited,
        ...{
          DATABASE_URL: connectionString,
          ROLES: 'api',
          NODE_OPTIONS: '--max-semi-space-size=4',
        },
      },
    }),
  );
  const [postmaster = ''] = (await readFile(`${dataFolder}/postmaster.pid`, 'utf8')).split('\n');
  const pids = [api.pid, Number(postmaster)];
  const resources = stack.move();
  return {
    ...{
      name,
      databaseUrl: connectionString,
      pool,
      api,
      pids,
      storage: await createStorage(apiFolder),
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
