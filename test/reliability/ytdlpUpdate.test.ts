// yt-dlp keeps itself young: fetched, tried, switched, and taken back when it does worse. The releases come from a
// site on loopback; each is the yt-dlp of this machine under another version, some with a fault.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findTools } from '../../src/media/tools.ts';
import { awaitEnd, awaitJob, requestMp3 } from '../support/caller.ts';
import { eventually } from '../support/eventually.ts';
import { report } from '../support/figures.ts';
import { startFleet } from '../support/fleet.ts';
import type { Fleet } from '../support/fleet.ts';
import { openFolder } from '../support/folder.ts';
import type { Folder } from '../support/folder.ts';
import { startSite } from '../support/loopbackSite.ts';
import type { LoopbackSite } from '../support/loopbackSite.ts';
import { startYouTube } from '../support/youtube/server.ts';
import type { YouTube } from '../support/youtube/server.ts';
import { video } from '../support/youtube/video.ts';

const stack = new AsyncDisposableStack();
let youtube: YouTube;
let site: LoopbackSite;
let fleet: Fleet;
let folder: Folder;
let realPath: string;
/** What the site publishes at present. */
let release = { version: '', program: '', sum: '' };

beforeAll(async () => {
  youtube = stack.use(await startYouTube());
  youtube.add(video({ id: 'canary00001', durationSeconds: 2 }));
  folder = stack.use(await openFolder());
  const search = { ytdlpPath: null, ffmpegPath: null, searchPath: process.env['PATH'] ?? '' };
  realPath = (await findTools(search)).ytdlp.path;
  site = stack.use(
    await startSite({
      '/latest': (response) => {
        const url = (name: string) => `${site.origin}/${name}`;
        const assets = ['yt-dlp', 'SHA2-256SUMS'].map((name) => ({
          ...{ name, browser_download_url: url(name) },
        }));
        response.end(JSON.stringify({ tag_name: release.version, assets }));
      },
      '/SHA2-256SUMS': (response) => void response.end(`${release.sum}  yt-dlp\n`),
      // As GitHub does: what is published lies elsewhere.
      '/yt-dlp': (response) => void response.writeHead(302, { location: '/file' }).end(),
      '/file': (response) => void response.end(release.program),
    }),
  );
  // What youtube-dl-exec would have installed. Versions this old know no flag that an old yt-dlp does not.
  await mkdir(folder.file('bundled'));
  await writeFile(folder.file('bundled/yt-dlp'), programOf('2023.03.05'));
  await chmod(folder.file('bundled/yt-dlp'), 0o755);
  fleet = stack.use(
    await startFleet({
      workers: 2,
      settings: {
        ...youtube.environment,
        NO_PROXY: '127.0.0.1',
        YOUTUBE_DL_DIR: folder.file('bundled'),
        YTDLP_RELEASES_URL: `${site.origin}/latest`,
        YTDLP_CANARY_URL: 'https://youtu.be/canary00001',
        SANDBOX: 'off',
      },
    }),
  );
});
afterAll(() => stack.disposeAsync());

/** A yt-dlp that says that it is this version, writes down each run, and has the fault for all videos but those named. */
function programOf(version: string, fault?: { sparing?: string }): string {
  const sparing = fault?.sparing === undefined ? '' : `*${fault.sparing}*) ;; `;
  const failing = `case $address in ${sparing}*) echo "ERROR: [youtube] x: No video formats found!" >&2; exit 1;; esac\n`;
  return [
    `#!/bin/sh\ncase "$*" in *--version*) echo ${version}; exit;; esac\n`,
    `echo Reading URLs from STDIN >&2\nread -r address || exit\necho ${version} >> "${folder.file('used')}"\n`,
    fault === undefined ? '' : failing,
    `echo "$address" | "${realPath}" "$@"\n`,
  ].join('');
}

function publish(version: string, program: string): void {
  const sum = createHash('sha256').update(program).digest('hex');
  release = { version, program, sum };
}

/** The versions that ran so far, one entry a run. */
const used = async () => (await readFile(folder.file('used'), 'utf8')).trim().split('\n');

const inUse = async () =>
  readlink(join(fleet.dataFolder, 'tools', 'yt-dlp', 'current')).catch(() => 'the installed one');

/** Runs the scheduled task now, once a call; resolves with what the logs say of it. */
async function runChore(name: string, times = 1): Promise<string[]> {
  const { pool } = fleet.database;
  const before = lines().length;
  const ids: string[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    const { rows } = await pool.query<{ id: string }>(
      `select id from graphile_worker.add_job($1, max_attempts := 1)`,
      [name],
    );
    ids.push(rows[0]!.id);
  }
  await eventually(
    `${name} to be done`,
    async () => {
      const { rows } = await pool.query(
        `select from graphile_worker.jobs where id = any($1::bigint[]) and attempts < max_attempts
           or id = any($1::bigint[]) and locked_at is not null`,
        [ids],
      );
      return rows.length === 0;
    },
    { timeoutMs: 60_000 },
  );
  return lines().slice(before);
}

const lines = () =>
  fleet.workers
    .flatMap((worker) => worker.output().split('\n'))
    .filter((line) => line.includes('yt-dlp') && line.startsWith('{'));

async function convert(id: string): Promise<void> {
  youtube.add(video({ id, durationSeconds: 2 }));
  const { job } = await requestMp3(fleet.api.url, `https://youtu.be/${id}`);
  expect(await awaitEnd(fleet.api.url, job.id)).toMatchObject({ status: 'SUCCEEDED' });
}

test('a new version is tried on a video and used from the next run on, by all workers; only one fetches it', async () => {
  await convert('beforehand1');
  expect(await used()).toEqual(['2023.03.05']);
  // One that has begun keeps its program.
  const held = video({ id: 'meanwhile01', durationSeconds: 4 });
  held.hold();
  youtube.add(held);
  const { job } = await requestMp3(fleet.api.url, 'https://youtu.be/meanwhile01');
  await held.whenHeld();

  publish('2023.04.01', programOf('2023.04.01'));
  await runChore('updateYtdlp', 2);
  expect(await inUse()).toBe('2023.04.01');
  expect(site.asked.filter((path) => path === '/file')).toHaveLength(1);

  held.release();
  expect(await awaitEnd(fleet.api.url, job.id)).toMatchObject({ status: 'SUCCEEDED', attempt: 1 });
  for (const id of ['afterwards1', 'afterwards2']) await convert(id);
  // The two before, the trial, and the two after.
  expect(await used()).toEqual([
    ...['2023.03.05', '2023.03.05', '2023.04.01', '2023.04.01', '2023.04.01'],
  ]);
  report({
    demand: 'a new yt-dlp: downloads of it by two workers, and runs of it before its trial',
    target: '1, 0',
    measured: `${site.asked.filter((path) => path === '/file').length}, ${(await used()).indexOf('2023.04.01') - 2}`,
  });
});

test('a program without its published sum is not even tried', async () => {
  publish('2023.05.01', programOf('2023.05.01'));
  release = { ...release, program: `${release.program}# and something more\n` };
  await runChore('updateYtdlp');
  expect(await inUse()).toBe('2023.04.01');
  expect(await used()).not.toContain('2023.05.01');
});

test('a version that fails its trial is not used, and not fetched again', async () => {
  publish('2023.05.02', programOf('2023.05.02', {}));
  await runChore('updateYtdlp');
  expect(await inUse()).toBe('2023.04.01');
  const fetched = site.asked.filter((path) => path === '/file').length;
  await runChore('updateYtdlp');
  expect(site.asked.filter((path) => path === '/file')).toHaveLength(fetched);
  await convert('aftertrial1');
});

test('a version that passes its trial and fails at work is rolled back, and the jobs go on', async () => {
  publish('2023.06.01', programOf('2023.06.01', { sparing: 'canary00001' }));
  await runChore('updateYtdlp');
  expect(await inUse()).toBe('2023.06.01');
  const jobs: string[] = [];
  for (let index = 0; index < 8; index += 1) {
    const id = `unlucky000${index}`;
    youtube.add(video({ id, durationSeconds: 2 }));
    jobs.push((await requestMp3(fleet.api.url, `https://youtu.be/${id}`)).job.id);
  }
  for (const id of jobs) {
    const failed = await awaitJob(fleet.api.url, id, 'the failure', (job) => job.failure !== null);
    expect(failed).toMatchObject({ status: 'QUEUED', failure: { code: 'EXTRACTOR_OUTDATED' } });
  }
  await eventually('the runs to be counted', async () => {
    await runChore('judgeYtdlp');
    return (await inUse()) === '2023.04.01';
  });
  const ends = await Promise.all(jobs.map((id) => awaitEnd(fleet.api.url, id)));
  expect(ends.filter(({ status }) => status !== 'SUCCEEDED')).toEqual([]);
  // Not once more: it has been found out.
  await runChore('updateYtdlp');
  expect(await inUse()).toBe('2023.04.01');
  report({
    demand: 'a yt-dlp that fails at work: jobs lost before it is rolled back',
    target: '0',
    measured: `0 of ${jobs.length}; each failed once and succeeded with the version before`,
  });
});

test('one that is not ours, or a switch that is off, is left alone', async () => {
  const asked = site.asked.length;
  for (const settings of [{ YTDLP_UPDATE: 'off' }, { YTDLP_PATH: folder.file('bundled/yt-dlp') }]) {
    for (const worker of [...fleet.workers]) await fleet.end(worker, 'SIGTERM');
    await fleet.startWorker(settings);
    await runChore('updateYtdlp');
  }
  expect(site.asked).toHaveLength(asked);
});
