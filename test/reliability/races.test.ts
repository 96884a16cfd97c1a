// Who comes first? Cancellations, ends, retries and crashes meet in every order; many ask for one video; callers go
// away in the middle of a transaction; rescuers with wrong clocks rescue at once. Each is run until luck is no excuse.

import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { cancelJob } from '../../src/db/actions.ts';
import {
  claimAttempt,
  failAttempt,
  finishAttempt,
  releaseAttempt,
  retryAttemptLater,
} from '../../src/db/attempts.ts';
import { withTransaction } from '../../src/db/pool.ts';
import type { Database } from '../../src/db/pool.ts';
import { requestJob } from '../../src/db/requests.ts';
import { beatWorker, rescueLostAttempts } from '../../src/db/workers.ts';
import { isTerminal } from '../../src/domain/job.ts';
import type { JobStatus } from '../../src/domain/job.ts';
import { startApp } from '../support/app.ts';
import { requestMp3 } from '../support/caller.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { report, summarize } from '../support/figures.ts';
import { inTurns } from '../support/inTurns.ts';
import {
  createJob,
  findQueueJob,
  keyOf,
  lockQueueJob,
  newArtifact,
  newRequest,
  readJob,
  removeAllJobs,
} from '../support/jobs.ts';
import { newVideoId, succeedJob } from '../support/jobStates.ts';
import { fromGlobalId } from '../../src/resolvers/globalId.ts';
import { scale } from '../support/scale.mjs';
import { openSocket } from '../support/socket.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await removeAllJobs(pool);
  await beatWorker(pool, { id: 'alive', slots: 1 });
});

/** What meets the cancellation, by name. `key` is the attempt that runs. */
const rivals = {
  completion: (key) => finishAttempt(pool, key, newArtifact(), 24),
  failure: (key) => failAttempt(pool, key, 'UNAVAILABLE'),
  retry: (key) => retryAttemptLater(pool, key, 'NETWORK', 0),
  'hand-back': (key) => releaseAttempt(pool, key),
  crash: () => rescueLostAttempts(pool, 5),
} satisfies Record<string, (key: ReturnType<typeof keyOf>) => Promise<unknown>>;
type Rival = keyof typeof rivals;

test('a cancellation against everything else that can happen: one end, and only one', async () => {
  const names = Object.keys(rivals) as Rival[];
  const turns = scale(2_000, 10_000);
  const ends = await inTurns(turns, async (turn) => {
    // Two of them and the cancellation, which starts first, second or last.
    const pair = [names[turn % 5], names[Math.floor(turn / 5) % 5]] as [Rival, Rival];
    const workerId = pair.includes('crash') ? `dead ${turn}` : 'alive';
    const job = await createJob(pool, 'QUEUED');
    await lockQueueJob(pool, job.id, workerId);
    const running = await start(pool, job.id, workerId);
    const contest: (() => Promise<unknown>)[] = pair.map((name) => () => rivals[name](running));
    contest.splice(Math.floor(turn / 25) % 3, 0, () => cancelJob(pool, 'alice', job.id));
    await Promise.all(contest.map((act) => act()));
    const { rows } = await pool.query<{ status: JobStatus }>(
      `select status from tapedeck.job_events where job_id = $1 order by version`,
      [job.id],
    );
    const story = rows.map(({ status }) => status);
    const terminal = story.filter(isTerminal);
    if (terminal.length !== 1 || terminal[0] !== story.at(-1)) {
      throw new Error(`${pair.join(' and ')} met a cancellation: ${story.join(' ')}`);
    }
    const queueJob = await findQueueJob(pool, job.id);
    if (queueJob !== null && story.at(-1) === 'CANCELED') {
      throw new Error(`${pair.join(' and ')}: a canceled job is still delivered`);
    }
    return story.at(-1);
  });
  const counts = Object.entries(Object.groupBy(ends, String)).map(
    ([status, all]) => `${status} ${all?.length}`,
  );
  // Each side has to have won at times, or it was no race.
  expect(counts.length).toBe(3);
  report({
    demand: 'cancel against completion, failure, retry, hand-back and crash',
    target: 'exactly one terminal state in 10,000',
    measured: `exactly one in ${turns} (${counts.join(', ')})`,
  });
}, 300_000);

async function start(db: Database, jobId: string, workerId: string) {
  const job = await claimAttempt(db, jobId, workerId);
  if (job === null) throw new Error(`${jobId} cannot be started`);
  return keyOf(job);
}

test('a request that is rolled back, or whose connection breaks before the commit, leaves nothing', async () => {
  const turns = 1_000;
  await inTurns(turns, async (turn) => {
    const request = newRequest({ idempotency: { key: `key ${turn}`, argumentsHash: 'hash' } });
    if (turn % 2 === 0) {
      const rolledBack = withTransaction(pool, async (db) => {
        await requestJob(db, request);
        throw new Error('changed my mind');
      });
      await expect(rolledBack).rejects.toThrow('changed my mind');
    } else {
      const client = await pool.connect();
      await client.query('begin');
      await requestJob(client, request);
      client.release(true);
    }
  });
  const { rows } = await pool.query(
    `select (select count(*) from tapedeck.jobs) + (select count(*) from tapedeck.job_owners)
       + (select count(*) from tapedeck.idempotency_keys) + (select count(*) from tapedeck.job_events)
       + (select count(*) from graphile_worker._private_jobs) as left`,
  );
  expect(rows).toEqual([{ left: '0' }]);
  report({
    demand: 'a request is rolled back or cut off before its commit',
    target: '0 orphan rows or queue jobs in 1,000',
    measured: `0 in ${turns}`,
  });
});

test('100 clients that ask for one video at once share one conversion, and all are served', async () => {
  await using app = await startApp({ settings: { ROLES: 'api' } });
  const clients = 100;
  const url = `https://youtu.be/${newVideoId().slice(0, 11)}`;
  const answers = await Promise.all(
    Array.from({ length: clients }, () => requestMp3(app.url, url)),
  );
  const [id = '', ...others] = new Set(answers.map(({ job }) => job.id));
  expect(others).toEqual([]);
  expect(answers.filter(({ outcome }) => outcome === 'CREATED')).toHaveLength(1);
  const jobId = fromGlobalId(id) ?? '';
  const { rows } = await app.database.pool.query<{ queueJobs: number }>(
    `select count(*)::integer as "queueJobs" from graphile_worker._private_jobs`,
  );
  expect(rows).toEqual([{ queueJobs: 1 }]);

  await using stack = new AsyncDisposableStack();
  const sockets = await Promise.all(Array.from({ length: clients }, () => openSocket(app.url)));
  for (const socket of sockets) stack.use(socket);
  for (const socket of sockets) {
    socket.subscribe('1', `subscription ($id: ID!) { job(id: $id) { isFinal job { status } } }`, {
      id,
    });
  }
  await Promise.all(sockets.map((socket) => socket.receive('1')));
  const running = await start(app.database.pool, jobId, 'a worker');
  const endedAt = performance.now();
  await succeedJob(app, { job: { ...running, id, videoId: '' } });
  const heard = await Promise.all(
    sockets.map(async (socket) => {
      const last = (await socket.readToEnd('1')).at(-2);
      expect(last?.payload.data.job).toEqual({ isFinal: true, job: { status: 'SUCCEEDED' } });
      return performance.now() - endedAt;
    }),
  );
  report({
    demand: `${clients} clients ask for one video at once`,
    target: 'one conversion, all subscribers served',
    measured: `one; the end heard after ${summarize(heard)}`,
  });
});

test('rescuers at once, with clocks five minutes off, rescue each attempt of the dead once and none of the living', async () => {
  const deaths = scale(100, 1_000);
  const kept = await createJob(pool, 'RUNNING', { workerId: 'alive' });
  await inTurns(deaths, async (turn) => {
    await createJob(pool, 'RUNNING', { workerId: `dead ${turn % 20}` });
  });
  const rescued: string[] = [];
  for (const minutes of [-5, 0, 5]) {
    await beatWorker(pool, { id: 'alive', slots: 1 });
    jest.useFakeTimers({ now: Date.now() + minutes * 60_000, doNotFake: allButDate });
    const rounds = await Promise.all(Array.from({ length: 8 }, () => rescueLostAttempts(pool, 5)));
    jest.useRealTimers();
    rescued.push(...rounds.flat().map(({ jobId }) => jobId));
  }
  expect(new Set(rescued).size).toBe(deaths);
  expect(rescued).toHaveLength(deaths);
  expect(await readJob(pool, kept.id)).toEqual(kept);
  report({
    demand: '8 rescuers at once, clocks 5 minutes off',
    target: 'one rescue per death',
    measured: `${rescued.length} rescues of ${deaths} deaths`,
  });
});

const allButDate = [
  ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate'] as const),
  ...(['clearImmediate', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const),
];
