// A retry after a late failure, or after a restart, starts from the source that is there and not from the network.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { chmod, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findTools } from '../../src/media/tools.ts';
import { act, awaitEnd, awaitJob, download, requestMp3 } from '../support/caller.ts';
import type { SeenJob } from '../support/caller.ts';
import { eventually } from '../support/eventually.ts';
import { report } from '../support/figures.ts';
import { startFleet } from '../support/fleet.ts';
import type { Fleet } from '../support/fleet.ts';
import { openFolder } from '../support/folder.ts';
import { hearTones, tones } from '../support/sound.ts';
import { startYouTube } from '../support/youtube/server.ts';
import type { YouTube } from '../support/youtube/server.ts';
import { soundOf, video } from '../support/youtube/video.ts';
import type { Video } from '../support/youtube/video.ts';

const stack = new AsyncDisposableStack();
let youtube: YouTube;
let fleet: Fleet;
/** While this file is there, ffmpeg waits to be killed instead of encoding. */
let trap: string;
beforeAll(async () => {
  youtube = stack.use(await startYouTube());
  const folder = stack.use(await openFolder());
  trap = folder.file('trap');
  const search = { ytdlpPath: null, ffmpegPath: null, searchPath: process.env['PATH'] ?? '' };
  const { ffmpeg } = await findTools(search);
  // As the kernel's out-of-memory killer does it: in the middle, without a word.
  await writeFile(
    folder.file('ffmpeg'),
    `#!/bin/sh\ncase " $* " in *libmp3lame*) if rm "${trap}.$(ls ${folder.path} | grep -c '^trap[.]')" 2>/dev/null; then kill -KILL $$; fi;; esac\nexec "${ffmpeg.path}" "$@"\n`,
  );
  await chmod(folder.file('ffmpeg'), 0o755);
  fleet = stack.use(
    await startFleet({
      workers: 1,
      // In a sandbox the program would not see its traps.
      settings: { ...youtube.environment, FFMPEG_PATH: folder.file('ffmpeg'), SANDBOX: 'off' },
    }),
  );
});
afterAll(() => stack.disposeAsync());

/** The next `times` encoders are killed. */
async function killEncoders(times: number): Promise<void> {
  for (let turn = 1; turn <= times; turn += 1) await writeFile(`${trap}.${turn}`, '');
}

const downloadsOf = () =>
  youtube.requests.filter(({ path }) => path.startsWith('/videoplayback')).length;

/** No retry waits for its backoff. */
const hurry = () =>
  fleet.database.pool.query(
    `with due as (
       update tapedeck.jobs j set run_at = now() where j.status = 'QUEUED' and j.run_at > now()
       returning j.*)
     select tapedeck.enqueue(due::tapedeck.jobs) from due`,
  );

async function request(song: Video): Promise<SeenJob> {
  youtube.add(song);
  return (await requestMp3(fleet.api.url, `https://youtu.be/${song.id}`)).job;
}

const sources = () => readdir(join(fleet.dataFolder, 'sources'));

async function expectSound(job: SeenJob, song: Video): Promise<void> {
  await using folder = await openFolder();
  const heard = await hearTones(await download(fleet.api.url, job, folder.path));
  expect(heard).toEqual(tones(soundOf(song)));
}

test('an encoder killed once costs nothing but its time', async () => {
  await killEncoders(1);
  const song = video({ id: 'oomonce0001', durationSeconds: 4 });
  const last = await awaitEnd(fleet.api.url, (await request(song)).id);
  expect(last).toMatchObject({ status: 'SUCCEEDED', attempt: 1 });
  await expectSound(last, song);
  report({
    demand: 'ffmpeg is killed by the system once: attempts that it costs',
    target: '0',
    measured: `${(last.attempt ?? 0) - 1}`,
  });
});

test('after a late failure the next attempt downloads nothing, and the sound is right', async () => {
  // Both of the first attempt: the early one, and the one from the whole file.
  await killEncoders(2);
  const song = video({ id: 'oomtwice001', durationSeconds: 4 });
  const { id } = await request(song);
  const waiting = await awaitJob(fleet.api.url, id, 'the failure', (job) => job.failure !== null);
  expect(waiting).toMatchObject({ status: 'QUEUED', failure: { code: 'TRANSCODE_FAILED' } });
  const before = downloadsOf();
  await hurry();
  const last = await awaitEnd(fleet.api.url, id);
  expect(last).toMatchObject({ status: 'SUCCEEDED', attempt: 2 });
  report({
    demand: 'retry after a late failure: requests for the media',
    target: '0',
    measured: `${downloadsOf() - before}`,
  });
  expect(downloadsOf() - before).toBe(0);
  await expectSound(last, song);
  await eventually('the kept source to be gone', async () => (await sources()).length === 0);
});

test('after kill -9 while it encodes, the next attempt downloads nothing', async () => {
  const song = video({ id: 'killed00001', durationSeconds: 400 });
  const { id } = await request(song);
  await awaitJob(
    fleet.api.url,
    id,
    'TRANSCODING',
    ({ progress }) => progress.phase === 'TRANSCODING',
  );
  await eventually('the source to be kept', async () =>
    (await sources()).some((name) => !name.startsWith('draft')),
  );
  const before = downloadsOf();
  await fleet.end(fleet.runnerOf(id), 'SIGKILL');
  await fleet.startWorker();
  const last = await awaitEnd(fleet.api.url, id);
  expect(last).toMatchObject({ status: 'SUCCEEDED', attempt: 2 });
  report({
    demand: 'kill -9 after the download: requests for the media',
    target: '0',
    measured: `${downloadsOf() - before}`,
  });
  expect(downloadsOf() - before).toBe(0);
});

test('a kept source that is not whole any more is downloaded again', async () => {
  await killEncoders(2);
  const song = video({ id: 'cutshort001', durationSeconds: 4 });
  const { id } = await request(song);
  await awaitJob(fleet.api.url, id, 'the failure', (job) => job.failure !== null);
  const [kept] = await sources();
  await truncate(join(fleet.dataFolder, 'sources', kept!, 'source'), 1_000);
  const before = downloadsOf();
  await hurry();
  const last = await awaitEnd(fleet.api.url, id);
  expect(last).toMatchObject({ status: 'SUCCEEDED', attempt: 2 });
  expect(downloadsOf()).toBeGreaterThan(before);
  await expectSound(last, song);
});

test('a canceled job leaves no source behind', async () => {
  const song = video({ id: 'canceled001', durationSeconds: 400 });
  const { id } = await request(song);
  await eventually('the source to be kept', async () =>
    (await sources()).some((name) => !name.startsWith('draft')),
  );
  await act(fleet.api.url, 'cancelJob', id);
  await eventually('the kept source to be gone', async () => (await sources()).length === 0);
});
