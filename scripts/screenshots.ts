// Makes the pictures of the README: `node scripts/screenshots.ts`, after set-up for the tests. A Tapedeck of its own
// converts songs of the tests' stand-in for YouTube; nothing of a real installation is shown.

import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../test/support/browser.ts';
import { openFolder } from '../test/support/folder.ts';
import { ask } from '../test/support/graphql.ts';
import { startTapedeck } from '../test/support/tapedeck.ts';
import { startYouTube } from '../test/support/youtube/server.ts';
import { video } from '../test/support/youtube/video.ts';

const images = join(import.meta.dirname, '../docs/images');

/** The oldest first, as they will stand from the bottom to the top. */
const songs = [
  video({ id: 'reel0000001', title: 'Leader Tape', uploader: 'The Reels', durationSeconds: 64 }),
  video({ id: 'reel0000002', title: 'Side B', uploader: 'The Reels', refusal: 'private' }),
  video({
    id: 'reel0000003',
    title: 'Harbour Lights',
    uploader: 'Åkesson Trio',
    durationSeconds: 95,
  }),
  video({
    id: 'reel0000004',
    title: 'Polaroid Summer',
    uploader: 'Kid Dolby',
    durationSeconds: 73,
  }),
  video({ id: 'reel0000005', title: 'Night Drive', uploader: 'Ferric Oxide', durationSeconds: 90 }),
];
const running = video({
  id: 'aqz-KE-bpKQ',
  title: 'Big Buck Bunny',
  uploader: 'Blender',
  durationSeconds: 600,
});

await using stack = new AsyncDisposableStack();
const folder = stack.use(await openFolder());
const youtube = stack.use(await startYouTube({ videos: [...songs, running] }));
const settings = { ...youtube.environment };
const { url } = stack.use(await startTapedeck({ dataFolder: folder.path, settings }));
const browser: Browser = stack.adopt(await launchBrowser(), (opened) => opened.close());

for (const { id } of songs) {
  await request(id);
  await untilIdle();
}
running.hold();
await request(running.id);
await running.whenHeld();

await shoot('page-light', '/', { width: 1280, height: 980 }, 'light');
await shoot('page-dark', '/', { width: 1280, height: 980 }, 'dark');
await shoot('page-phone', '/', { width: 390, height: 844 }, 'light');
await shoot('queue', '/queue', { width: 1280, height: 860 }, 'dark');

const explorer = await open('/graphiql', { width: 1280, height: 800 }, 'light');
await explorer.getByRole('button', { name: /Execute query/ }).click();
await explorer.getByText('"outcome"').first().waitFor();
await explorer.getByRole('tab', { name: 'Watch' }).click();
await explorer.getByRole('button', { name: /Execute query/ }).click();
running.release();
await explorer.getByText('"TRANSCODING"').first().waitFor();
await explorer.screenshot({ path: join(images, 'graphiql.png') });

async function request(id: string): Promise<void> {
  const query = 'mutation ($url: String!) { requestMp3(url: $url) { job { id } } }';
  await ask(url, query, { url: `https://youtu.be/${id}` });
}

async function untilIdle(): Promise<void> {
  for (;;) {
    const { queueStats } = await ask(url, '{ queueStats { queued running } }');
    if (queueStats.queued + queueStats.running === 0) return;
  }
}

type Size = { readonly width: number; readonly height: number };

async function open(path: string, viewport: Size, colorScheme: 'light' | 'dark'): Promise<Page> {
  const page = await browser.newPage({ viewport, colorScheme });
  await page.goto(url + path, { waitUntil: 'networkidle' });
  return page;
}

async function shoot(name: string, path: string, size: Size, scheme: 'light' | 'dark') {
  const page = await open(path, size, scheme);
  await page.screenshot({ path: join(images, `${name}.png`) });
  await page.close();
}
