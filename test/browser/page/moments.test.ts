// Moments of a job that nobody can wait for: minutes before its retry, half an hour before its MP3 goes, a failure in
// the middle of listening. No worker runs here; the jobs are brought there by the statements that it uses.

import { randomBytes } from 'node:crypto';
import { copyFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { failAttempt, recordPreview, recordSource } from '../../../src/db/attempts.ts';
import { writeProgress } from '../../../src/db/progress.ts';
import { clip } from '../../support/clip.ts';
import { eventually } from '../../support/eventually.ts';
import { ask } from '../../support/graphql.ts';
import { failJob, postponeJob, runJob, succeedJob } from '../../support/jobStates.ts';
import type { MadeJob } from '../../support/jobStates.ts';
import { openHouse } from '../../support/visit.ts';

const house = openHouse({ ROLES: 'api' });

const rowOf = (page: Page, { videoId }: MadeJob) =>
  page.getByRole('listitem', { name: new RegExp(videoId) });

async function readJob({ id }: MadeJob) {
  const query = `query ($id: ID!) { job(id: $id) {
    nextAttemptAt failure { message occurredAt } timeline { at status } } }`;
  return (await ask(house.url, query, { id })).job;
}

test('a job that waits for its retry says which try is next, at what time, and why', async () => {
  const job = await postponeJob(house.app, 'NETWORK', 600);
  const { nextAttemptAt } = await readJob(job);
  const page = await house.visit({ locale: 'en-GB', timezoneId: 'UTC' });
  const row = rowOf(page, job);
  await row.getByText('Trying again', { exact: true }).waitFor();
  const time = String(nextAttemptAt).slice(11, 16);
  await row.getByText(`try 2 of 5, next at ${time}`, { exact: true }).waitFor();
  await row.getByText(/connection/i).waitFor();
});

test('time left is counted down, and no more said when it is over and the job is not', async () => {
  const job = await runJob(house.app);
  const page = await house.visit();
  const row = rowOf(page, job);
  await row.getByText('Looking it up', { exact: true }).waitFor();
  const unknown = { bytesDone: null, bytesTotal: null, bytesPerSecond: null };
  const progress = { ...unknown, phase: 'RESOLVING', fraction: 0.02, etaSeconds: 6 } as const;
  await writeProgress(house.app.app.pool, [{ ...job, ...progress }]);
  await row.getByText(/^\d s left$/).waitFor();
  await row.getByText(/ left$/).waitFor({ state: 'detached' });
  expect(await row.getByText('Looking it up', { exact: true }).count()).toBe(1);
});

test('the time for which an MP3 is kept counts down', async () => {
  const job = await succeedJob(house.app, { retentionHours: 0.5 });
  const page = await house.visit();
  const kept = rowOf(page, job).getByText(/^kept for /);
  const secondsLeft = async () => {
    const text = await kept.textContent();
    const [, minutes, seconds] = /^kept for (\d+) min(?: (\d+) s)?$/.exec(text ?? '') ?? [];
    if (minutes === undefined) throw new Error(`it says ${text}`);
    return Number(minutes) * 60 + Number(seconds ?? 0);
  };
  const first = await secondsLeft();
  expect(first).toBeLessThanOrEqual(30 * 60);
  // Twice, since it may have been read just before a tick.
  const later = await eventually('fewer seconds', async () => {
    const left = await secondsLeft();
    return left < first - 1 && left;
  });
  expect(later).toBeGreaterThan(0);
});

test('the report of a failed job is copied whole: what it was, why it failed, and when', async () => {
  const job = await failJob(house.app, 'PRIVATE');
  const { failure, timeline } = await readJob(job);
  const page = await house.visit();
  const row = rowOf(page, job);
  await row.getByRole('button', { name: /^Details/ }).click();
  await row.getByText('Failed (PRIVATE)').waitFor();
  await row.getByRole('button', { name: 'Copy the report' }).click();
  await page.getByText('Copied.', { exact: true }).waitFor();
  const report = await page.evaluate(() => navigator.clipboard.readText());
  expect(report.split('\n')).toEqual([
    `Tapedeck job ${job.id}`,
    `source: https://www.youtube.com/watch?v=${job.videoId}`,
    'options: KBPS_192, cover',
    'status: FAILED, attempt 1 of 5',
    `failure: PRIVATE at ${failure.occurredAt}`,
    failure.message,
    'timeline:',
    ...[` ${timeline[0].at} QUEUED attempt 0`, ` ${timeline[1].at} RUNNING RESOLVING attempt 1`],
    ` ${timeline[2].at} FAILED attempt 1 PRIVATE`,
  ]);
});

test('who listens to a job that fails meanwhile is told that this was not all of it', async () => {
  const { pool, storage } = house.app.app;
  const job = await runJob(house.app);
  const unknown = { uploader: null, thumbnailUrl: null };
  await recordSource(pool, job, { ...unknown, title: 'Half a song', durationSeconds: 600 });
  await using folder = await storage.openWorkFolder(job);
  await copyFile(await tenSeconds(), folder.mp3Path);
  await recordPreview(pool, job, randomBytes(16).toString('base64url'));
  const page = await house.visit({ provoked: /\/previews\/|^console error: Failed to load/ });
  await page.getByRole('button', { name: 'Listen: Half a song' }).click();
  const player = page.getByRole('region', { name: 'Player' });
  await eventually('the sound to go on', () =>
    page.locator('audio').evaluate((audio) => (audio as HTMLAudioElement).currentTime > 0.3),
  );

  await failAttempt(pool, job, 'NETWORK');
  await page.getByText('Half a song was not made to its end; this was all of it.').waitFor();
  await player.waitFor({ state: 'detached' });
  expect(await page.locator('audio').evaluate((audio) => (audio as HTMLAudioElement).paused)).toBe(
    true,
  );
});

/** The path of an MP3 with a tone. */
const tenSeconds = () =>
  clip({
    ...{ ffmpegPath: 'ffmpeg', key: 'moments', extension: 'mp3' },
    args: ['-f', 'lavfi', '-i', 'sine=440', '-t', '10', '-c:a', 'libmp3lame'],
  });

test('titles and names that want to be more than text are shown as text, in the row, the details and the tab', async () => {
  const title = '<img src=x onerror="document.title=1"><script>alert(1)</script>&lt;b&gt;';
  const uploader = '"><svg onload=alert(2)>\u202Egnp.exe';
  const job = await runJob(house.app);
  await recordSource(house.app.app.pool, job, {
    ...{ title, uploader, thumbnailUrl: null, durationSeconds: 60 },
  });
  let dialogs = 0;
  const page = await house.visit({
    prepare: async (opened) => {
      opened.on('dialog', (dialog) => {
        dialogs += 1;
        void dialog.dismiss();
      });
    },
  });
  const row = page.getByRole('listitem', { name: title });
  await row.getByText(title, { exact: true }).first().waitFor();
  await row.getByText(uploader).first().waitFor();
  await row.getByRole('button', { name: /^Details/ }).click();
  expect(await row.locator('img[src="x"], script, svg[onload]').count()).toBe(0);
  expect(await page.title()).toContain('Tapedeck');
  expect(dialogs).toBe(0);
});
