// A video that takes its worker down with it, each time: it is put aside after three, and the others' jobs succeed.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { chmod, writeFile } from 'node:fs/promises';
import { findTools } from '../../src/media/tools.ts';
import { awaitEnd, follow, readToEnd, requestMp3 } from '../support/caller.ts';
import { report } from '../support/figures.ts';
import { startFleet } from '../support/fleet.ts';
import type { Fleet } from '../support/fleet.ts';
import { openFolder } from '../support/folder.ts';
import { startYouTube } from '../support/youtube/server.ts';
import type { YouTube } from '../support/youtube/server.ts';
import { video } from '../support/youtube/video.ts';

const stack = new AsyncDisposableStack();
let youtube: YouTube;
let fleet: Fleet;
const over = new AbortController();
/** How many workers the poison took. */
let deaths = 0;
beforeAll(async () => {
  youtube = stack.use(await startYouTube());
  const folder = stack.use(await openFolder());
  const search = { ytdlpPath: null, ffmpegPath: null, searchPath: process.env['PATH'] ?? '' };
  const { ytdlp } = await findTools(search);
  const deadly = folder.file('yt-dlp');
  // Its parent is src/media/supervise.sh, and that one's the worker. proc(5)
  await writeFile(
    deadly,
    [
      `#!/bin/sh`,
      `case "$*" in *--version*) exec "${ytdlp.path}" "$@";; esac`,
      `echo Reading URLs from STDIN >&2`,
      `read -r address || exit`,
      `case $address in *poison*) kill -KILL $(cut -d' ' -f4 /proc/$PPID/stat); exec sleep 1000;; esac`,
      `echo "$address" | "${ytdlp.path}" "$@"`,
    ].join('\n'),
  );
  await chmod(deadly, 0o755);
  fleet = stack.use(
    // In a sandbox it would not see its parent.
    await startFleet({
      workers: 0,
      settings: { ...youtube.environment, YTDLP_PATH: deadly, SANDBOX: 'off' },
    }),
  );
});
const supervised: Promise<void>[] = [];
afterAll(async () => {
  over.abort();
  // Those that were about to start are there by the second look.
  while (fleet.workers.length > 0) {
    await Promise.all([...fleet.workers].map((worker) => fleet.end(worker, 'SIGTERM')));
    await Promise.allSettled(supervised);
  }
  await stack.disposeAsync();
});

/** What a supervisor does: starts a worker again when it has died. */
async function supervise(): Promise<void> {
  while (!over.signal.aborted) {
    const worker = await fleet.startWorker();
    await worker.exited;
    if (over.signal.aborted) return;
    deaths += 1;
    if (fleet.workers.includes(worker)) await fleet.end(worker, 'SIGKILL');
  }
}

test('after the third lost worker the job fails as WORKER_LOST, and nobody else notices', async () => {
  supervised.push(supervise(), supervise());
  youtube.add(video({ id: 'poisonvideo' }));
  const { job } = await requestMp3(fleet.api.url, 'https://youtu.be/poisonvideo');
  const others = await Promise.all(
    Array.from({ length: 6 }, async (_, index) => {
      const id = `innocent00${index}`;
      youtube.add(video({ id, durationSeconds: 2 }));
      return (await requestMp3(fleet.api.url, `https://youtu.be/${id}`)).job.id;
    }),
  );
  await using frames = follow(fleet.api.url, job.id);
  const last = (await readToEnd(frames)).at(-1)?.job;
  expect(last).toMatchObject({
    ...{ status: 'FAILED', attempt: 3, maxAttempts: 5, failure: { code: 'WORKER_LOST' } },
  });
  const ends = await Promise.all(others.map((id) => awaitEnd(fleet.api.url, id)));
  expect(ends.map(({ status }) => status)).toEqual(others.map(() => 'SUCCEEDED'));
  const untilPutAside = deaths;
  expect(untilPutAside).toBe(3);

  // Whoever asks for it again gets a job of its own, which has one try only.
  const again = await requestMp3(fleet.api.url, 'https://youtu.be/poisonvideo');
  expect(again.outcome).toBe('CREATED');
  expect(await awaitEnd(fleet.api.url, again.job.id)).toMatchObject({
    ...{ status: 'FAILED', attempt: 1, failure: { code: 'WORKER_LOST' } },
  });
  report({
    demand: 'a video that kills its worker: workers lost until it is put aside',
    target: '3, and 1 for each later request',
    measured: `${untilPutAside}, then 1; 6 other jobs succeeded`,
  });
}, 240_000);
