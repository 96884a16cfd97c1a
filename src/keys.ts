// `node src/main.ts keys create|list|revoke`: the API keys of these settings' database. The text of a key is
// shown once, when it is made.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Config } from './config.ts';
import { readApiKeys, revokeApiKey } from './db/apiKeys.ts';
import type { ApiKey } from './db/apiKeys.ts';
import { startEmbeddedPostgres } from './db/embedded.ts';
import { findRunningEmbedded } from './db/embedded/running.ts';
import { createPool } from './db/pool.ts';
import type { Database } from './db/pool.ts';
import { scopes } from './domain/access.ts';
import type { Scope } from './domain/access.ts';
import type { Logger } from './logger.ts';
import { bringUpToDate } from './migration.ts';
import { createApiKey } from './services/apiKeys.ts';
import { StartError } from './startError.ts';

const usage =
  'Say "keys create <name> [--scopes request,read,admin]", "keys list" or "keys revoke <id>".';
const usualScopes = 'request,read';

/** Answers what to print. Throws StartError with what to write instead. */
export async function manageKeys(
  config: Config,
  logger: Logger,
  args: readonly string[],
): Promise<string> {
  const { positionals, values } = readArguments(args);
  const [action, subject, ...rest] = positionals;
  if (rest.length > 0) throw new StartError(usage);
  if (action === 'create' && subject !== undefined) {
    const asked = readScopes(values.scopes ?? usualScopes);
    if (subject.trim() === '' || subject.length > 100)
      throw new StartError('The name of a key has 1 to 100 characters.');
    return withDatabase(config, logger, async (pool) => {
      const { id, key } = await createApiKey(pool, { name: subject, scopes: asked });
      return `${key}\n\nThis is the key "${subject}" (${id}), and the only time that it is shown.\n`;
    });
  }
  if (action === 'list' && subject === undefined)
    return withDatabase(config, logger, async (pool) => table(await readApiKeys(pool)));
  if (action === 'revoke' && subject !== undefined) {
    return withDatabase(config, logger, async (pool) => {
      if (await revokeApiKey(pool, subject)) return `The key ${subject} is revoked.\n`;
      throw new StartError(`There is no valid key ${subject}; "keys list" shows them.`);
    });
  }
  throw new StartError(usage);
}

function readArguments(args: readonly string[]) {
  try {
    const options = { scopes: { type: 'string' } } as const;
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new StartError(usage, { cause });
  }
}

function readScopes(text: string): Scope[] {
  const asked = text.split(',').map((scope) => scope.trim());
  const unknown = asked.filter((scope) => !scopes.includes(scope as Scope));
  if (unknown.length > 0)
    throw new StartError(`There is no scope "${unknown[0]}"; the scopes are ${scopes.join(', ')}.`);
  return [...new Set(asked as Scope[])];
}

function table(keys: readonly ApiKey[]): string {
  if (keys.length === 0) return 'There are no keys yet; "keys create <name>" makes one.\n';
  const day = (instant: Date | null) =>
    instant?.toISOString().slice(0, 16).replace('T', ' ') ?? '-';
  const rows = keys.map(({ id, scopes: held, createdAt, lastUsedAt, revokedAt, name }) => [
    ...[id, held.join(','), day(createdAt), day(lastUsedAt), day(revokedAt), name],
  ]);
  const all = [['id', 'scopes', 'created (UTC)', 'last used', 'revoked', 'name'], ...rows];
  const widths = all[0]?.map((_, column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0)),
  );
  return all
    .map((row) => row.map((cell, column) => cell.padEnd(widths?.[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** The embedded one too, whether Tapedeck runs on it or not. */
async function withDatabase<Result>(
  config: Config,
  logger: Logger,
  work: (pool: Database) => Promise<Result>,
): Promise<Result> {
  await using stack = new AsyncDisposableStack();
  const dataFolder = join(config.dataFolder, 'postgres');
  const running = config.databaseUrl ?? (await findRunningEmbedded(dataFolder));
  const applicationName = 'tapedeck keys';
  let connectionString = running;
  if (connectionString === null) {
    ({ connectionString } = stack.use(await startEmbeddedPostgres({ dataFolder })));
    await bringUpToDate({ connectionString, applicationName, logger });
  }
  const pool = createPool({
    ...{ connectionString, applicationName, maxConnections: 1, onIdleError: () => {} },
  });
  stack.defer(() => pool.end());
  try {
    return await work(pool);
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === '42P01' || code === '3F000')
      throw new StartError('The database has no schema yet; start Tapedeck once.', { cause });
    throw new StartError(`The database cannot be used (${message}); check DATABASE_URL.`, {
      cause,
    });
  }
}
