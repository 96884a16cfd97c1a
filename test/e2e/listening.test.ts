// Hearing a song while it is still being converted, as a stranger does: the address from the subscription, the sound
// from the first frame on to the last. The moments in between are in test/integration/http/previews.test.ts.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import type { Folder } from '../support/folder.ts';
import { openFolder } from '../support/folder.ts';
import { ask, watch } from '../support/graphql.ts';
import { hearTones, tones } from '../support/sound.ts';
import { startTapedeck } from '../support/tapedeck.ts';
import type { Tapedeck } from '../support/tapedeck.ts';
import { startYouTube } from '../support/youtube/server.ts';
import { soundOf, video } from '../support/youtube/video.ts';

// Ten minutes take seconds to encode, and the address is told in the first of them.
const song = video({ id: 'listening01', title: 'A long song', durationSeconds: 600 });

const stack = new AsyncDisposableStack();
let tapedeck: Tapedeck;
let folder: Folder;
beforeAll(async () => {
  folder = stack.use(await openFolder());
  const youtube = stack.use(await startYouTube({ videos: [song] }));
  const settings = { ...youtube.environment };
  tapedeck = stack.use(await startTapedeck({ dataFolder: folder.file('data'), settings }));
});
afterAll(() => stack.disposeAsync());

/** Asks for the song; resolves when there is something to hear, with the state of the job then. */
async function requestAudible() {
  const { requestMp3 } = await ask(
    tapedeck.url,
    `mutation { requestMp3(url: "https://youtu.be/listening01", reuse: NEVER) { job { id } } }`,
  );
  const { id } = requestMp3.job;
  await using stream = watch(
    tapedeck.url,
    `subscription ($id: ID!) { job(id: $id) { job { status progress { fraction } preview { url } } } }`,
    { id },
  );
  for await (const { job } of stream) if (job.preview !== null) return { id, job };
  throw new Error('the job ended without a preview');
}

test('a song is heard from its first second to its last while it is being converted', async () => {
  const { job } = await requestAudible();
  expect(job.status).toBe('RUNNING');
  expect(job.progress.fraction).toBeLessThan(0.9);
  const response = await fetch(tapedeck.url + job.preview.url);
  // The finished file has a length.
  expect([response.status, response.headers.get('content-length')]).toEqual([200, null]);
  const file = folder.file('heard.mp3');
  await writeFile(file, Buffer.from(await response.arrayBuffer()));
  expect(await hearTones(file)).toEqual(tones(soundOf(song)));
});

test('a listener notices that the song was canceled', async () => {
  const { id, job } = await requestAudible();
  const response = await fetch(tapedeck.url + job.preview.url);
  const { cancelJob } = await ask(
    tapedeck.url,
    `mutation ($id: ID!) { cancelJob(id: $id) { job { status } } }`,
    { id },
  );
  expect(cancelJob.job.status).toBe('CANCELED');
  await expect(response.arrayBuffer()).rejects.toThrow(/terminated/);
});
