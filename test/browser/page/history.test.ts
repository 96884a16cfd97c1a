// The history on the page: read page by page as one scrolls, acted on as a whole, and exact when somebody else
// changes it. No worker runs here; what a retried job becomes is seen in actions.test.ts.

import { beforeEach, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { ask } from '../../support/graphql.ts';
import {
  expireJob,
  failJob,
  failMany,
  queueJob,
  runJob,
  succeedJob,
} from '../../support/jobStates.ts';
import { openLane, refuseLane } from '../../../src/db/lanes.ts';
import { expireLostArtifact } from '../../../src/db/upkeep.ts';
import { eventually } from '../../support/eventually.ts';
import { removeAllJobs } from '../../support/jobs.ts';
import { openHouse } from '../../support/visit.ts';

const house = openHouse({ ROLES: 'api' });
beforeEach(() => removeAllJobs(house.app.app.pool));

const rows = (page: Page) => page.locator('.jobs > li');
const rowNamed = (page: Page, videoId: string) =>
  page.getByRole('listitem', { name: new RegExp(videoId) });
const counted = (page: Page, count: number) =>
  page.getByRole('heading', { name: `Your tapes ${count}`, exact: true }).waitFor();

const remove = (id: string) =>
  ask(house.url, `mutation ($id: ID!) { deleteJob(id: $id) { deletedJobId } }`, { id });

test('older jobs come as one scrolls, down to the first, without a click', async () => {
  const { oldest } = await failMany(house.app, 130);
  const page = await house.visit();
  await rows(page).first().waitFor();
  // The whole number is known from the start, the rows are not.
  await counted(page, 130);
  expect(await rows(page).count()).toBeLessThan(130);
  await page.getByRole('main').hover();
  await eventually('the oldest row', async () => {
    await page.mouse.wheel(0, 3_000);
    return (await rowNamed(page, oldest).count()) === 1;
  });
  expect(await rows(page).count()).toBe(130);
  expect(await page.getByRole('button', { name: 'Load more' }).count()).toBe(0);
});

test('retry all failed runs every failed one again, also those that were not loaded yet', async () => {
  await failMany(house.app, 60);
  const done = await succeedJob(house.app);
  const page = await house.visit();
  await rowNamed(page, done.videoId).waitFor();
  await page.getByRole('button', { name: 'Retry all failed' }).click();
  await page.getByText('60 tapes are tried again').waitFor();
  await eventually('all of them to wait', async () => {
    const { queueStats } = await ask(house.url, '{ queueStats { queued } }');
    return queueStats.queued === 60;
  });
  await eventually('every row to say so', async () => {
    const [waiting, failed] = await Promise.all(
      ['QUEUED', 'FAILED'].map((status) =>
        page.locator(`.jobs > li[data-status=${status}]`).count(),
      ),
    );
    return waiting !== undefined && waiting >= 50 && failed === 0;
  });
  await rowNamed(page, done.videoId).getByText('Ready').waitFor();
});

test('what somebody else deletes goes from the list at once, whatever page it was on', async () => {
  const { oldest } = await failMany(house.app, 60);
  const [failed, done] = [await failJob(house.app), await succeedJob(house.app)];
  const page = await house.visit();
  await rowNamed(page, failed.videoId).waitFor();
  await counted(page, 62);
  await remove(failed.id);
  await rowNamed(page, failed.videoId).waitFor({ state: 'detached' });
  await counted(page, 61);
  // Of one that was never read, the number alone can tell.
  expect(await rowNamed(page, oldest).count()).toBe(0);
  const { jobs } = await ask(
    house.url,
    `query ($search: String) { jobs(first: 1, filter: { search: $search }) { nodes { id } } }`,
    { search: oldest },
  );
  await remove(jobs.nodes[0].id);
  await counted(page, 60);
  await rowNamed(page, done.videoId).getByText('Ready').waitFor();
});

test('what somebody else retries, and what expires, is shown at once', async () => {
  const [failed, done] = [await failJob(house.app), await succeedJob(house.app)];
  const page = await house.visit();
  await rowNamed(page, failed.videoId).getByText('Failed', { exact: true }).waitFor();
  await ask(house.url, `mutation ($id: ID!) { retryJob(id: $id) { job { id } } }`, failed);
  await rowNamed(page, failed.videoId).getByText('Waiting', { exact: true }).waitFor();
  expect(await rows(page).count()).toBe(2);
  await rowNamed(page, done.videoId).getByText('Ready', { exact: true }).waitFor();
  await expireLostArtifact(house.app.app.pool, done);
  await rowNamed(page, done.videoId).getByText('Expired', { exact: true }).waitFor();
});

test('a site that refuses the server is named above the list and on the queue page, until it serves again', async () => {
  const { pool } = house.app.app;
  for (let refusal = 0; refusal < 3; refusal += 1) {
    await refuseLane(pool, 'youtube', await failJob(house.app, 'BOT_CHECK'), 'BOT_CHECK', 600);
  }
  await queueJob(house.app);
  const page = await house.visit();
  const sentence = page.getByText(/^youtube refuses this server for now: .* the next try is at \d/);
  await sentence.waitFor();
  await page.getByRole('link', { name: 'Queue', exact: true }).click();
  await page.getByRole('heading', { name: 'The queue, live' }).waitFor();
  await sentence.waitFor();
  await openLane(pool, 'youtube');
  await queueJob(house.app);
  await sentence.waitFor({ state: 'detached' });
});

test('a job in each lasting state is shown with its word, and found under its filter', async () => {
  await succeedJob(house.app, { metadata: { title: 'A song', uploader: 'A singer' } });
  const [failed, expired, running] = [
    await failJob(house.app),
    await expireJob(house.app),
    await runJob(house.app),
  ];
  const page = await house.visit();
  await counted(page, 4);
  for (const [filter, name] of [
    ['Active', running.videoId],
    ['Ready', 'A song'],
    ['Failed', failed.videoId],
    ['Gone', expired.videoId],
  ] as const) {
    await page.getByRole('radio', { name: filter }).press('Space');
    await rowNamed(page, name).waitFor();
    await eventually(`one row under ${filter}`, async () => (await rows(page).count()) === 1);
  }
  await page.getByRole('radio', { name: 'All' }).press('Space');
  await page.getByRole('searchbox').fill('singer');
  await eventually('one row', async () => (await rows(page).count()) === 1);
  await rowNamed(page, 'A song').waitFor();
});
