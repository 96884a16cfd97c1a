// What a person does to jobs from their rows, and that a reload finds everything as it was.

import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { act, history, requestMp3 } from '../../support/caller.ts';
import { eventually } from '../../support/eventually.ts';
import { addressOf, convert, openHouse, paste, rowOf, waitFor } from '../../support/visit.ts';
import type { Video } from '../../support/youtube/video.ts';

const house = openHouse();

/** What the server says of the video's jobs. */
async function statusesOf({ id }: Video): Promise<string[]> {
  const jobs = await history(house.url, { sourceUrl: `https://youtu.be/${id}` });
  return jobs.map(({ status }) => status);
}

/** A finished job without the wait for one: canceled before any worker can look at it. */
async function leaveCanceled(id: string): Promise<Video> {
  const song = house.publish({ id });
  song.hold('player');
  const { job } = await requestMp3(house.url, addressOf(song));
  await act(house.url, 'cancelJob', job.id);
  song.release('player');
  return song;
}

async function remove(page: Page, song: Video): Promise<void> {
  const row = rowOf(page, song);
  await row.getByRole('button', { name: /^Details/ }).click();
  await row.getByRole('button', { name: 'Remove', exact: true }).click();
  await row.waitFor({ state: 'detached' });
}

test('a running job is canceled by one click, and can be converted again', async () => {
  const song = house.publish({ id: 'cancel00001', title: 'Canceled' });
  song.hold();
  const page = await house.visit();
  await paste(page, addressOf(song));
  await song.whenHeld();
  await waitFor(page, song, 'Downloading');
  await page.getByRole('button', { name: 'Cancel: Canceled' }).click();
  const row = rowOf(page, song);
  await row.getByText('stopped by you').waitFor();
  expect(await row.getByRole('progressbar').count()).toBe(0);
  expect(await statusesOf(song)).toEqual(['CANCELED']);
  song.release();
  await page.getByRole('button', { name: 'Convert again: Canceled' }).click();
  await waitFor(page, song, 'Ready');
});

test('a failed job says why and what to do, and retry makes it whole', async () => {
  const song = house.publish({ id: 'failing0001', title: 'Failing', refusal: 'private' });
  const page = await house.visit();
  await paste(page, addressOf(song));
  const row = await waitFor(page, song, 'Failed');
  const details = row.getByRole('button', { name: /^Details/ });
  await details.click();
  await row.getByRole('heading', { name: 'Error PRIVATE' }).waitFor();
  await row.getByText(/Ask the owner to make it public/).waitFor();
  await details.click();
  song.refusal = null;
  await row.getByRole('button', { name: /^Retry/ }).click();
  await waitFor(page, song, 'Ready');
  expect(await statusesOf(song)).toEqual(['SUCCEEDED']);
});

test('a reload in the middle keeps every row, and the running one goes on', async () => {
  const [ready, running] = [
    house.publish({ id: 'reload00001', title: 'Ready before' }),
    house.publish({ id: 'reload00002', title: 'Running meanwhile' }),
  ];
  const page = await house.visit();
  await convert(page, ready);
  running.hold();
  await paste(page, addressOf(running));
  await running.whenHeld();
  await waitFor(page, running, 'Downloading');
  const titles = () => page.getByRole('listitem').getByRole('heading').allTextContents();
  const before = await titles();

  await page.reload();
  await waitFor(page, running, 'Downloading');
  await waitFor(page, ready, 'Ready');
  expect(await titles()).toEqual(before);
  running.release();
  await waitFor(page, running, 'Ready');
});

test('a removed row comes back by undo, and the server never heard of it', async () => {
  const song = await leaveCanceled('undone00001');
  const page = await house.visit();
  await remove(page, song);
  await page.getByRole('button', { name: 'Undo' }).click();
  await rowOf(page, song).waitFor();
  expect(await statusesOf(song)).toEqual(['CANCELED']);
});

test('a row that is removed and not wanted back is gone on the server too', async () => {
  const song = await leaveCanceled('removed0001');
  const page = await house.visit();
  await remove(page, song);
  // A page that is reloaded before it has its answer breaks the request off.
  const answered = page.waitForEvent('requestfinished', (each) =>
    (each.postData() ?? '').includes('deleteJob'),
  );
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await eventually('it to be gone', async () => (await statusesOf(song)).length === 0);
  await answered;
  await page.reload();
  await page.getByRole('heading', { name: /Your tapes/ }).waitFor();
  expect(await rowOf(page, song).count()).toBe(0);
});

test('leaving the page right after a removal removes it all the same', async () => {
  const song = await leaveCanceled('removed0002');
  const page = await house.visit();
  await remove(page, song);
  await page.reload();
  await eventually('it to be gone', async () => (await statusesOf(song)).length === 0);
});

test('the list narrows to a state and to words, and widens again', async () => {
  const [one, other] = [await leaveCanceled('narrow00001'), await leaveCanceled('narrow00002')];
  const page = await house.visit();
  await page.getByRole('searchbox', { name: 'Search title or artist' }).fill(one.id);
  await rowOf(page, other).waitFor({ state: 'detached' });
  await rowOf(page, one).waitFor();
  await page.getByRole('radio', { name: 'Failed' }).press('Space');
  await page.getByText('Nothing matches.').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await rowOf(page, other).waitFor();
});

test('clearing what is finished leaves what is not, and undo brings all of it back', async () => {
  const song = await leaveCanceled('cleared0001');
  const page = await house.visit();
  await rowOf(page, song).waitFor();
  await page.getByRole('button', { name: 'Clear finished' }).click();
  await rowOf(page, song).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await rowOf(page, song).waitFor();
  expect(await statusesOf(song)).toEqual(['CANCELED']);
});
