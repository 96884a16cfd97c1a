// A wire to Postgres that tests can cut: what a pool sees of it is what a network does. It forwards the server's
// Unix socket through a socket of its own and understands nothing of the protocol.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createPool } from '../../src/db/pool.ts';
import type { Database } from '../../src/db/pool.ts';
import type { TestDatabase } from './database.ts';
import { openFolder } from './folder.ts';

export type DatabaseLink = AsyncDisposable & {
  readonly pool: Database;
  /** Cuts every connection; whoever connects until `mend` is hung up on. */
  readonly cut: () => void;
  readonly mend: () => void;
  /**
   * Lets the next statement that contains `text` reach the server and run, and cuts its connection instead of
   * carrying the answer. Resolves then.
   */
  readonly loseAnswerTo: (text: string) => Promise<void>;
};

/** Opens a link with a pool at its far end. */
export async function openLink(database: TestDatabase): Promise<DatabaseLink> {
  const folder = await openFolder();
  const target = socketOf(database.url);
  const wires = new Set<Socket>();
  let isCut = false;
  let losing: { text: string; lost: PromiseWithResolvers<void> } | null = null;

  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(target);
    let mustLose: PromiseWithResolvers<void> | null = null;
    near.on('data', (data) => {
      if (losing !== null && data.includes(losing.text)) {
        mustLose = losing.lost;
        losing = null;
      }
      far.write(data);
    });
    far.on('data', (data) => {
      if (mustLose === null) {
        near.write(data);
      } else {
        // The server answers after it has committed.
        near.destroy();
        mustLose.resolve();
      }
    });
    for (const [wire, other] of [
      [near, far],
      [far, near],
    ] as const) {
      wires.add(wire);
      wire.on('error', () => {});
      wire.on('close', () => {
        wires.delete(wire);
        other.destroy();
      });
    }
  });
  server.listen(folder.file('.s.PGSQL.5432'));
  await once(server, 'listening');
  const url = new URL(database.url);
  const pool = createPool({
    connectionString: `postgres://${url.username}@${encodeURIComponent(folder.path)}${url.pathname}`,
    applicationName: 'test link',
    maxConnections: 5,
    onIdleError: () => {},
  });

  return {
    pool,
    cut() {
      isCut = true;
      for (const wire of wires) wire.destroy();
    },
    mend() {
      isCut = false;
    },
    loseAnswerTo(text) {
      losing = { text, lost: Promise.withResolvers() };
      return losing.lost.promise;
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
      server.close();
      await once(server, 'close');
      await folder[Symbol.asyncDispose]();
    },
  };
}

function socketOf(url: string): { path: string } {
  const host = decodeURIComponent(new URL(url).hostname);
  if (!host.startsWith('/')) throw new Error('the test Postgres is expected on a Unix socket');
  return { path: join(host, '.s.PGSQL.5432') };
}
