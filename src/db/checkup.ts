// What `doctor` asks the database about itself. It changes nothing.

import { readdir } from 'node:fs/promises';
import { migrationsFolder } from './migrate.ts';
import type { Queryable } from './pool.ts';

export type ServerFacts = {
  /** As in `server_version_num`: 180001. */
  readonly version: number;
  readonly connections: number;
  readonly maxConnections: number;
};

export async function readServer(db: Queryable): Promise<ServerFacts> {
  const { rows } = await db.query<ServerFacts>(
    `-- readServer
     select current_setting('server_version_num')::integer as version,
       current_setting('max_connections')::integer as "maxConnections",
       (select count(*)::integer from pg_stat_activity where backend_type = 'client backend')
         as connections`,
  );
  const [facts] = rows;
  if (facts === undefined) throw new Error('readServer answered no row');
  return facts;
}

export type MigrationGap = {
  /** Ours that the database does not have yet. */
  readonly missing: readonly string[];
  /** The database's that we do not know: it belongs to a newer version. */
  readonly unknown: readonly string[];
};

/** How the database's schema differs from ours; null when it has none yet. */
export async function compareMigrations(db: Queryable): Promise<MigrationGap | null> {
  const { rows: found } = await db.query<{ isThere: boolean }>(
    `-- hasMigrations
     -- Not by to_regclass: the API's role may not even look into graphile-worker's schema.
     select count(*) = 2 as "isThere" from pg_class
     where relname = 'migrations' and relnamespace::regnamespace::text in ('tapedeck', 'graphile_worker')`,
  );
  if (found[0]?.isThere !== true) return null;
  const { rows } = await db.query<{ name: string }>(
    `-- readMigrations\nselect name from tapedeck.migrations order by id`,
  );
  const files = await readdir(migrationsFolder);
  const ours = files.filter((file) => /^\d.*\.sql$/.test(file)).map((file) => file.slice(0, -4));
  const theirs = rows.map(({ name }) => name);
  return {
    missing: ours.filter((name) => !theirs.includes(name)).toSorted(),
    unknown: theirs.filter((name) => !ours.includes(name)),
  };
}

/** Seconds by which our clock is ahead of the database's; wrong by half of the round trip at most. */
export async function measureClockSkew(db: Queryable): Promise<number> {
  const before = Date.now();
  const { rows } = await db.query<{ now: Date }>(
    `-- measureClockSkew\nselect clock_timestamp() as now`,
  );
  const after = Date.now();
  return ((before + after) / 2 - (rows[0]?.now.getTime() ?? NaN)) / 1_000;
}
