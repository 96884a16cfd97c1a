// A Node process with an embedded Postgres, for tests that kill it: `node postgresParent.ts <data folder>`.
// Prints the connection string, then lives until somebody ends it.

import { startEmbeddedPostgres } from '../../src/db/embedded.ts';

const { connectionString } = await startEmbeddedPostgres({ dataFolder: process.argv[2] ?? '' });
process.stdout.write(`${connectionString}\n`);
await new Promise(() => {});
