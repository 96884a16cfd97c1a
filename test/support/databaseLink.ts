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
  /** For whoever else is to connect through it. */
  readonly url: string;
  /** Cuts every connection; whoever connects until `mend` is hung up on. */
  readonly cut: () => void;
  readonly mend: () => void;
  /**
   * Lets the next statement that contains `text` reach the server and run, and cuts its connection instead of
   * carrying the answer. Resolves then.
   */
  readonly loseAnswerTo: (text: string) => Promise<void>;
  /** Every connection that has carried `text` stays open and carries nothing more; answers how many there are. */
  readonly silence: (text: string) => number;
};

/** Opens a link with a pool at its far end. */
export async function openLink(database: TestDatabase): Promise<DatabaseLink> {
  const folder = await openFolder();
  const target = socketOf(database.url);
  const wires = new Set<Socket>();
  const carried = new Map<Socket, { words: string; isSilent: boolean }>();
  let isCut = false;
  let losing: { text: string; lost: PromiseWithResolvers<void> } | null = null;

  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(target);
    let mustLose: PromiseWithResolvers<void> | null = null;
    const line = { words: '', isSilent: false };
    carried.set(near, line);
    near.on('data', (data) => {
      if (line.isSilent) return;
      // What a test asks for comes early on a connection.
      if (line.words.length < 10_000) line.words += data.toString('latin1');
      if (losing !== null && data.includes(losing.text)) {
        mustLose = losing.lost;
        losing = null;
      }
      far.write(data);
    });
    far.on('data', (data) => {
      if (line.isSilent) return;
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
        carried.delete(wire);
        other.destroy();
      });
    }
  });
  server.listen(folder.file('.s.PGSQL.5432'));
  await once(server, 'listening');
  const url = new URL(database.url);
  const connectionString = `postgres://${url.username}@${encodeURIComponent(folder.path)}${url.pathname}`;
  const pool = createPool({
    connectionString,
    applicationName: 'test link',
    maxConnections: 5,
    onIdleError: () => {},
  });

  return {
    ...{ pool, url: connectionString },
    silence(text) {
      const lines = [...carried.values()].filter(({ words }) => words.includes(text));
      for (const line of lines) line.isSilent = true;
      return lines.length;
    },
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
