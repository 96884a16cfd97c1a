// Makes the pictures of the README: `node scripts/screenshots.ts`, after set-up for the tests. A Tapedeck of its own
// converts songs of the tests' stand-in for YouTube; nothing of a real installation is shown. The hour behind the queue
// page is made up, and README.md says so.

import { join } from 'node:path';
import { Client } from 'pg';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../test/support/browser.ts';
import { openFolder } from '../test/support/folder.ts';
import { ask } from '../test/support/graphql.ts';
import { startOwnPostgres } from '../test/support/ownPostgres.ts';
import { startTapedeck } from '../test/support/tapedeck.ts';
import { startYouTube } from '../test/support/youtube/server.ts';
import { video } from '../test/support/youtube/video.ts';

const images = join(import.meta.dirname, '../docs/images');

/** The oldest first, as they will stand from the bottom to the top. */
const songs = [
  video({ id: 'reel0000001', title: 'Leader Tape', uploader: 'The Reels', durationSeconds: 64 }),
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
  video({ id: 'reel0000002', title: 'Side B', uploader: 'The Reels', refusal: 'private' }),
  video({ id: 'reel0000005', title: 'Night Drive', uploader: 'Ferric Oxide', durationSeconds: 90 }),
];
const running = video({
  id: 'aqz-KE-bpKQ',
  title: 'Big Buck Bunny',
  uploader: 'Blender',
  durationSeconds: 600,
  media: { kind: 'throttled', bytesPerSecond: 300_000 },
});

await using stack = new AsyncDisposableStack();
const folder = stack.use(await openFolder());
const youtube = stack.use(await startYouTube({ videos: [...songs, running] }));
const postgres = stack.use(await startOwnPostgres());
const settings = { ...youtube.environment, DATABASE_URL: postgres.url };
const { url } = stack.use(await startTapedeck({ dataFolder: folder.path, settings }));
const browser: Browser = stack.adopt(await launchBrowser(), (opened) => opened.close());

for (const { id } of songs) {
  await request(id);
  await untilIdle();
}
await makeUpHour();
await request(running.id);
await untilDownloaded(0.15);

await shoot('page-light', '/', { width: 1280, height: 980 }, 'light');
await shoot('page-dark', '/', { width: 1280, height: 980 }, 'dark');
await shoot('page-phone', '/', { width: 390, height: 844 }, 'light');
await shoot('queue', '/queue', { width: 1280, height: 1130 }, 'dark');

const explorer = await open('/graphiql', { width: 1280, height: 800 }, 'light');
await explorer.getByRole('button', { name: /Execute query/ }).click();
await explorer.getByText('"outcome"').first().waitFor();
await explorer.getByRole('tab', { name: 'Watch' }).click();
await explorer.getByRole('button', { name: /Execute query/ }).click();
running.media = { kind: 'normal' };
await explorer.getByText('"TRANSCODING"').first().waitFor();
// The first estimate has nothing to go by.
await explorer
  .getByText(/0\.[6-9]/)
  .first()
  .waitFor();
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

/** So far, on the bar over the whole job. */
async function untilDownloaded(fraction: number): Promise<void> {
  for (;;) {
    const { jobs } = await ask(url, '{ jobs(first: 1) { nodes { progress { fraction } } } }');
    if (jobs.nodes[0].progress.fraction >= fraction) return;
  }
}

/** Jobs of nobody, spread over the hour with a rush in its middle: their MP3s are gone, their times are figures. */
async function makeUpHour(): Promise<void> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(`
    with minutes as (
      select minute, generate_series(1, 2 + (3 * exp(0 - ((minute - 32) / 9.0) ^ 2) + 1.5 * sin(minute * 1.7))::integer) as n
      from generate_series(2, 59) minute),
    ends as (
      select minute, n, now() - make_interval(mins => minute, secs => n * 7) as ended,
        3 + 6 * exp(0 - ((minute - 32) / 9.0) ^ 2) + abs(sin(minute * 2.3 + n)) as ran,
        0.02 + 2.5 * exp(0 - ((minute - 32) / 8.0) ^ 2) * abs(cos(minute + n)) as waited,
        case when (minute * 7 + n * 3) % 23 = 0 then 'PRIVATE' when (minute + n) % 29 = 0 then 'NETWORK'
          when minute % 41 = 5 then 'GEO_BLOCKED' end as failure
      from minutes)
    insert into tapedeck.jobs (site, external_id, source_url, quality, embed_thumbnail, attempt, max_attempts,
      status, created_at, run_at, started_at, finished_at, failure_code, failed_at,
      artifact_token, artifact_size_bytes, artifact_sha256, artifact_duration_seconds, artifact_bitrate_kbps)
    select 'youtube', 'hour' || minute || '_' || n, 'https://www.youtube.com/watch?v=hour', 'KBPS_192', true, 1, 5,
      case when failure is null then 'EXPIRED' else 'FAILED' end,
      began - make_interval(secs => waited), began - make_interval(secs => waited), began, ended,
      failure, case when failure is not null then ended end,
      case when failure is null then md5(minute || '-' || n) end, case when failure is null then 4000000 end,
      case when failure is null then repeat('0', 64) end, case when failure is null then 170 end,
      case when failure is null then 192 end
    from ends, lateral (select ended - make_interval(secs => ran) as began)`);
  await client.end();
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
