// `node src/main.ts health`: asks the running process of the same settings how it is, for supervisors that
// can only run a command. It starts nothing.

import type { Config } from './config.ts';
import { createPool } from './db/pool.ts';
import { hasLivingWorker } from './db/workers.ts';
import { askReadiness } from './ownApi.ts';
import { workerLostAfterSeconds } from './services/workerPulse.ts';
import { StartError } from './startError.ts';

/** Returns when every role is well; throws StartError with what is wrong. */
export async function checkHealth(config: Config): Promise<void> {
  if (config.roles.has('api')) await checkApi(config);
  else await checkWorker(config);
}

async function checkApi(config: Config): Promise<void> {
  const answer = await askReadiness(config).catch((cause: unknown) => {
    const { port } = config;
    throw new StartError(`Nothing answers on port ${port}; look at the log of the API.`, { cause });
  });
  if (!answer.ok) throw new StartError(`The API is not ready: ${await answer.text()}`);
}

async function checkWorker({ databaseUrl }: Config): Promise<void> {
  const pool = createPool({
    connectionString: databaseUrl ?? '',
    applicationName: 'tapedeck health',
    maxConnections: 1,
    onIdleError: () => {},
  });
  try {
    const isAlive = await hasLivingWorker(pool, workerLostAfterSeconds);
    if (!isAlive) throw new StartError('No worker of this host was seen lately; look at its log.');
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    throw new StartError('The database cannot be used; check DATABASE_URL.', { cause });
  } finally {
    await pool.end();
  }
}
