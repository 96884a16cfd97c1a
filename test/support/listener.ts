// Hears what the database announces, and knows when all of it was heard: notifications come in the order of
// their commits, so that everything before a mark of our own is there when the mark is.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Client } from 'pg';
import type { Notification } from 'pg';
import type { TestDatabase } from './database.ts';

export type Listener = AsyncDisposable & {
  /** The job ids announced since the last call, in order. */
  heard(): Promise<string[]>;
};

export async function listen({ url, pool }: TestDatabase): Promise<Listener> {
  const client = new Client({ connectionString: url, application_name: 'test' });
  let payloads: string[] = [];
  client.on('notification', ({ payload = '' }) => payloads.push(payload));
  await client.connect();
  await client.query('listen tapedeck_jobs');
  return {
    async heard() {
      const mark = randomUUID();
      await pool.query(`select pg_notify('tapedeck_jobs', $1)`, [mark]);
      while (!payloads.includes(mark)) {
        await (once(client, 'notification') as Promise<Notification[]>);
      }
      const before = payloads.filter((payload) => payload !== mark);
      payloads = [];
      return before.flatMap((payload) => payload.split(','));
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
