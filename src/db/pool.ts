// The connection pool and transactions. It retries nothing: whether a statement may run twice is its caller's to know.

import { Pool } from 'pg';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';

/** What every statement in this folder needs: the pool, or the client of a transaction. */
export type Queryable = {
  query<Row extends QueryResultRow>(
    statement: string | PreparedStatement,
    values?: unknown[],
  ): Promise<QueryResult<Row>>;
};

/**
 * Parsed and planned once a connection, for what runs hundreds of times a second. Only for texts whose best plan is
 * the same for all values. To be made anew for each call: pg writes into it.
 */
export type PreparedStatement = {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
};

export type Database = Pool;

export type PoolOptions = {
  readonly connectionString: string;
  /** Shown in pg_stat_activity, so that an operator (and a test) knows whose connection it is. */
  readonly applicationName: string;
  readonly maxConnections: number;
  /**
   * What a statement may take before it counts as lost and its connection as broken: behind a dead network the
   * system would let it wait for a quarter of an hour. Without it a statement may take any time.
   */
  readonly answerTimeoutMs?: number;
  /** What a free or new connection may take; 5 s if absent. */
  readonly connectTimeoutMs?: number;
  /** A connection broke while nobody used it; the pool has replaced it already. */
  readonly onIdleError: (error: Error) => void;
};

/** Makes a pool that fails fast: no free or new connection in time is an error, not a wait. */
export function createPool(options: PoolOptions): Database {
  const { answerTimeoutMs = 0 } = options;
  const pool = new Pool({
    connectionString: options.connectionString,
    application_name: options.applicationName,
    max: options.maxConnections,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    query_timeout: answerTimeoutMs,
    // Else it goes on in the database when nobody waits for it any more. Later than ours, which says what it means.
    statement_timeout: answerTimeoutMs && answerTimeoutMs + 1_000,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
  });
  // Without both listeners a broken connection is an uncaught exception, and ends the process. The pool
  // tells what its clients say, and nobody cares for it any more when it is ending.
  pool.on('error', (error) => {
    if (!pool.ending) options.onIdleError(error);
  });
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Runs `work` in one transaction on one client; any error rolls back and is thrown on. */
export async function withTransaction<Result>(
  pool: Database,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let isBroken = false;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => {
      isBroken = true;
    });
    throw error;
  } finally {
    client.release(isBroken);
  }
}
