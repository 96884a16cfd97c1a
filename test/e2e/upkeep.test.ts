// How MP3s go: when their time has come, and when there are too many; row, file and address together, and whoever
// asks again gets one made anew. The clock is turned in the database; the chores are those of the crontab, now.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fromGlobalId } from '../../src/resolvers/globalId.ts';
import { act, awaitEnd, download, history, readUntil, requestMp3 } from '../support/caller.ts';
import type { SeenJob } from '../support/caller.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { openFolder } from '../support/folder.ts';
import { watch } from '../support/graphql.ts';
import { hearTones, tones } from '../support/sound.ts';
import { startTapedeck } from '../support/tapedeck.ts';
import { startYouTube } from '../support/youtube/server.ts';
import { soundOf, video } from '../support/youtube/video.ts';

const songs = [
  video({ id: 'upkeep00000' }),
  video({ id: 'upkeep00001' }),
  video({ id: 'upkeep00002' }),
] as const;
type Three = readonly [SeenJob, SeenJob, SeenJob];

type Deck = { readonly url: string; readonly dataFolder: string; readonly database: TestDatabase };

/** A Tapedeck, and all three songs converted by it, one after the other. */
async function startWithSongs(
  stack: AsyncDisposableStack,
  settings: Readonly<Record<string, string>>,
): Promise<{ deck: Deck; jobs: Three }> {
  const dataFolder = stack.use(await openFolder()).path;
  const youtube = stack.use(await startYouTube({ videos: songs }));
  const database = stack.use(await createTestDatabase());
  const { url } = stack.use(
    await startTapedeck({
      dataFolder,
      settings: { ...youtube.environment, ...settings, DATABASE_URL: database.url },
    }),
  );
  const jobs: SeenJob[] = [];
  for (const song of songs) jobs.push(await convert(url, song.id));
  return { deck: { url, dataFolder, database }, jobs: jobs as unknown as Three };
}

async function convert(url: string, videoId: string): Promise<SeenJob> {
  const options = { embedThumbnail: false };
  const { job } = await requestMp3(url, `https://youtu.be/${videoId}`, options);
  const last = await awaitEnd(url, job.id);
  expect(last).toMatchObject({ status: 'SUCCEEDED' });
  return last;
}

/** Runs a scheduled task now; resolves when it is done. */
async function runChore({ database: { pool } }: Deck, name: string): Promise<void> {
  const { rows } = await pool.query<{ id: string }>('select id from graphile_worker.add_job($1)', [
    name,
  ]);
  await eventually(`${name} to be done`, async () => {
    const left = await pool.query('select from graphile_worker.jobs where id = $1', [rows[0]?.id]);
    return left.rowCount === 0;
  });
}

const uuidOf = ({ id }: SeenJob): string => fromGlobalId(id) ?? '';

const statusesOf = async ({ url }: Deck, jobs: readonly SeenJob[]): Promise<unknown[]> => {
  const known = new Map((await history(url)).map(({ id, status }) => [id, status]));
  return jobs.map(({ id }) => known.get(id));
};

/** The MP3s of the job in the store. */
const filesOf = async ({ dataFolder }: Deck, job: SeenJob): Promise<string[]> => {
  const store = await readdir(join(dataFolder, 'store'), { recursive: true });
  return store.filter((name) => name.includes(uuidOf(job)) && name.endsWith('.mp3'));
};

async function fetchFile({ url }: Deck, { result }: SeenJob) {
  const response = await fetch(url + result?.url);
  return { status: response.status, text: await response.text() };
}

const stack = new AsyncDisposableStack();
let deck: Deck;
let jobs: Three;
beforeAll(async () => {
  ({ deck, jobs } = await startWithSongs(stack, { RETENTION_HOURS: '2' }));
});
afterAll(() => stack.disposeAsync());

describe('an MP3 whose time has come', () => {
  let seenLive: SeenJob[];

  beforeAll(async () => {
    await using stream = watch<{ jobs: SeenJob[] }>(
      deck.url,
      `subscription { jobs(activeOnly: false) { jobs { id version status result { url } } } }`,
    );
    const { value: snapshot } = (await stream.next()) as { value: { jobs: SeenJob[] } };
    const due = jobs.slice(0, 2);
    await deck.database.pool.query(
      `update tapedeck.jobs set expires_at = now() - interval '1 second' where id = any($1)`,
      [due.map(uuidOf)],
    );
    await runChore(deck, 'expireArtifacts');
    const missing = new Set(due.map(({ id }) => id));
    const changes = await readUntil(stream, 'both to expire', (change) => {
      for (const { id, status } of change.jobs) if (status === 'EXPIRED') missing.delete(id);
      return missing.size === 0;
    });
    seenLive = [snapshot, ...changes].flatMap(({ jobs: seen }) => seen);
  });

  test('had been promised for as long as RETENTION_HOURS says', () => {
    for (const { finishedAt, result } of jobs) {
      const keptMs = Date.parse(result?.expiresAt ?? '') - Date.parse(finishedAt ?? '');
      expect(keptMs).toBe(2 * 60 * 60 * 1_000);
    }
  });

  test('becomes EXPIRED before the eyes of those who watch', () => {
    for (const { id, version } of jobs.slice(0, 2)) {
      const [before, after] = seenLive.filter((seen) => seen.id === id);
      expect(before).toMatchObject({ status: 'SUCCEEDED', version });
      expect(after).toMatchObject({ status: 'EXPIRED', result: null });
      expect(after?.version).toBeGreaterThan(version);
    }
  });

  test('is EXPIRED in the history, and one that is not due stays', async () => {
    expect(await statusesOf(deck, jobs)).toEqual(['EXPIRED', 'EXPIRED', 'SUCCEEDED']);
    const expired = await history(deck.url, { statuses: ['EXPIRED'] });
    expect(expired.map(({ id }) => id).toSorted()).toEqual([jobs[0].id, jobs[1].id].toSorted());
    for (const job of expired) expect(job).toMatchObject({ result: null, viewerCanRetry: true });
  });

  test('has no file any more, and its address says 410 with a sentence', async () => {
    expect(await filesOf(deck, jobs[0])).toEqual([]);
    expect(await fetchFile(deck, jobs[0])).toEqual({
      status: 410,
      text: 'The file has expired and was removed; convert the video again.\n',
    });
    expect(await fetchFile(deck, jobs[2])).toMatchObject({ status: 200 });
  });

  test('is made anew under the same id by retryJob', async () => {
    const [expired] = jobs;
    await act(deck.url, 'retryJob', expired.id);
    const again = await awaitEnd(deck.url, expired.id);
    expect(again).toMatchObject({ id: expired.id, status: 'SUCCEEDED', attempt: 2 });
    expect(again.result?.url).not.toBe(expired.result?.url);
    const file = await download(deck.url, again, deck.dataFolder);
    expect(await hearTones(file)).toEqual(tones(soundOf(songs[0])));
  });

  test('is made anew as another job when it is asked for again', async () => {
    const [, expired] = jobs;
    const options = { embedThumbnail: false };
    const { outcome, job } = await requestMp3(deck.url, expired.sourceUrl, options);
    expect(outcome).toBe('CREATED');
    expect(job.id).not.toBe(expired.id);
    expect(await awaitEnd(deck.url, job.id)).toMatchObject({ status: 'SUCCEEDED', attempt: 1 });
    expect(await statusesOf(deck, [expired])).toEqual(['EXPIRED']);
  });
});

test('the sweep removes what a crash left behind, and nothing that is in use or young', async () => {
  const [, , kept] = jobs;
  const [keptFile = ''] = await filesOf(deck, kept);
  const ids = { folder: randomUUID(), file: randomUUID() };
  const paths = {
    kept: join(deck.dataFolder, 'store', keptFile),
    folder: join(deck.dataFolder, 'work', `${ids.folder}.1`),
    file: join(deck.dataFolder, 'store', ids.file.slice(-2), `${ids.file}.3.mp3`),
    young: join(deck.dataFolder, 'work', `${randomUUID()}.1`),
  };
  await mkdir(paths.folder);
  await mkdir(paths.young);
  await mkdir(dirname(paths.file), { recursive: true });
  await writeFile(join(paths.folder, 'source.part'), 'half a song');
  await writeFile(paths.file, 'a whole song');
  const anHourAgo = new Date(Date.now() - 60 * 60 * 1_000);
  for (const path of [paths.kept, paths.folder, paths.file]) {
    await utimes(path, anHourAgo, anHourAgo);
  }

  await runChore(deck, 'sweepLeftovers');
  const there = Object.entries(paths).filter(([, path]) => existsSync(path));
  expect(there.map(([what]) => what)).toEqual(['kept', 'young']);
});

describe('a store beyond its quota', () => {
  let small: Deck;
  let inside: Three;

  beforeAll(async () => {
    ({ deck: small, jobs: inside } = await startWithSongs(stack, { STORE_QUOTA_MB: '1' }));
    await runChore(small, 'expireArtifacts');
  });

  test('loses the oldest MP3s until the rest fits, and no more', async () => {
    const sizes = inside.map(({ result }) => result?.sizeBytes ?? 0);
    // Any two of them fit into it, all three do not.
    expect(Math.max(...sizes)).toBeLessThan(512 * 1024);
    expect(Math.min(...sizes)).toBeGreaterThan(342 * 1024);
    expect(await statusesOf(small, inside)).toEqual(['EXPIRED', 'SUCCEEDED', 'SUCCEEDED']);
  });

  test('serves those that it kept', async () => {
    const responses = await Promise.all(inside.map((job) => fetchFile(small, job)));
    expect(responses.map(({ status }) => status)).toEqual([410, 200, 200]);
    const files = await Promise.all(inside.map((job) => filesOf(small, job)));
    expect(files.map(({ length }) => length)).toEqual([0, 1, 1]);
  });
});
