// The queue page shows live figures, and addresses that lead nowhere show the way back.

import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { awaitEnd, history, requestMp3 } from '../../support/caller.ts';
import { eventually } from '../../support/eventually.ts';
import { addressOf, furnish, openHouse } from '../../support/visit.ts';

const house = openHouse();

/** The large figure under its name, with its note. */
const figure = (page: Page, name: string) =>
  page.getByRole('term').filter({ hasText: name }).locator('xpath=following-sibling::dd[1]');

const becomes = (page: Page, name: string, expected: RegExp) =>
  eventually(`${name} to be ${expected}`, async () => {
    const seen = await figure(page, name).first().textContent();
    if (!expected.test(seen ?? '')) throw new Error(`it is ${seen}`);
    return true;
  });

test('the figures, the workers, what runs and the failures are there, and follow the queue', async () => {
  const { running, waiting } = await furnish(house);
  const page = await house.visit({ path: '/queue' });
  await becomes(page, 'Running', /^2of 2 slots/);
  await becomes(page, 'Waiting', /^1the first waits/);
  await page.getByText('2 of 2 slots in use').waitFor();
  for (const { title } of running) {
    await page.getByRole('progressbar', { name: `Progress of ${title}` }).waitFor();
  }
  const failures = page.getByRole('region', { name: 'Failures by cause' });
  await failures.getByText('PRIVATE').waitFor();
  await page
    .getByRole('img', { name: 'In the last hour 1 succeeded, 1 failed, 1 canceled.' })
    .waitFor();

  for (const song of running) song.release();
  const jobs = await history(house.url, { sourceUrl: addressOf(waiting) });
  await Promise.all(jobs.map(({ id }) => awaitEnd(house.url, id)));
  await becomes(page, 'Running', /^0of 2 slots/);
  await becomes(page, 'Waiting', /^0$/);
  await page.getByText('All is quiet.').waitFor();
});

test('a job that somebody else asks for appears on the open queue page', async () => {
  const song = house.publish({ id: 'elsewhere01', title: 'Asked for elsewhere' });
  song.hold();
  const page = await house.visit({ path: '/queue' });
  await becomes(page, 'Running', /^0/);
  const { job } = await requestMp3(house.url, addressOf(song));
  await page.getByRole('progressbar', { name: 'Progress of Asked for elsewhere' }).waitFor();
  await becomes(page, 'Running', /^1/);
  song.release();
  await awaitEnd(house.url, job.id);
  await becomes(page, 'Running', /^0/);
});

test('an unknown address gets a page that helps, under the status 404', async () => {
  const page = await house.visit({
    path: '/watch?v=cut',
    provoked: /^404: \S+\/watch\?v=cut$|^console error: .* 404/,
  });
  await page.getByRole('heading', { name: 'There is no tape here.' }).waitFor();
  await page.getByText('/watch', { exact: true }).waitFor();
  await page.getByRole('main').getByRole('link', { name: 'Go to the start page' }).click();
  await page.getByRole('textbox', { name: 'Link of a video' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/');
  await page.goBack();
  await page.getByRole('heading', { name: 'There is no tape here.' }).waitFor();
});
