// What subscribers count on when the line between the API and the database goes dead without a word: the silence is
// noticed, and no terminal state is missed.

import { expect, test } from '@jest/globals';
import { failJob, runJob } from '../support/jobStates.ts';
import { startApp } from '../support/app.ts';
import { backendsOf } from '../support/connections.ts';
import { createTestDatabase } from '../support/database.ts';
import { openLink } from '../support/databaseLink.ts';
import { eventually } from '../support/eventually.ts';
import { report, summarize } from '../support/figures.ts';
import { scale } from '../support/scale.mjs';
import { openSocket } from '../support/socket.ts';

const listener = 'tapedeck api listen';

test('a LISTEN connection that carries nothing any more is noticed within 15 s, and no end is missed', async () => {
  const noticed: number[] = [];
  const heard: number[] = [];
  for (let turn = 0; turn < scale(1, 4); turn += 1) {
    await using stack = new AsyncDisposableStack();
    const database = stack.use(await createTestDatabase());
    const link = stack.use(await openLink(database));
    const app = stack.use(await startApp({ settings: { ROLES: 'api', DATABASE_URL: link.url } }));
    const isReady = async () => (await fetch(`${app.url}/readyz`)).ok;
    await eventually('the API to listen', isReady);
    const job = await runJob(app);
    const socket = stack.use(await openSocket(app.url));
    socket.subscribe('1', `subscription ($id: ID!) { job(id: $id) { isFinal job { status } } }`, {
      id: job.id,
    });
    await socket.receive('1');
    const before = await backendsOf(database, listener);
    expect(link.silence('listen tapedeck_jobs')).toBe(1);
    const silentAt = performance.now();
    await failJob(app, 'PRIVATE', { job });
    const noticing = eventually(
      'another LISTEN connection',
      async () => (await backendsOf(database, listener)).some((pid) => !before.includes(pid)),
      { timeoutMs: 20_000 },
    ).then(() => noticed.push(performance.now() - silentAt));
    const last = (await socket.readToEnd('1')).at(-2);
    heard.push(performance.now() - silentAt);
    await noticing;
    expect(last?.payload.data.job).toEqual({ isFinal: true, job: { status: 'FAILED' } });
  }
  report({
    demand: 'the LISTEN connection goes dead without a word',
    target: 'noticed ≤ 15 s, no terminal state missed',
    measured: `noticed after ${summarize(noticed)}; the end heard after ${summarize(heard)}`,
  });
  expect(Math.max(...noticed)).toBeLessThan(16_000);
}, 180_000);
