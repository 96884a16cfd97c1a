// What the server refuses: its sentence stands beside the field, the text stays in it, no row is made.

import { afterEach, expect, test } from '@jest/globals';
import { history } from '../../support/caller.ts';
import { addressOf, fieldOf, openHouse, paste, rowOf } from '../../support/visit.ts';

const house = openHouse({ ROLES: 'api' });

afterEach(async () => {
  const jobs = await history(house.url);
  expect(jobs.map(({ sourceUrl }) => sourceUrl).filter((url) => !url.includes('good'))).toEqual([]);
});

test.each([
  ['no link at all', 'hello there'],
  ['a host that is not allowed', 'https://example.com/watch?v=refused0001'],
  ['a playlist', 'https://www.youtube.com/playlist?list=PLrefused00000001'],
  ['a page that is no video', 'https://www.youtube.com/@somebody'],
  ['a link with a password', 'https://me:secret@www.youtube.com/watch?v=refused0001'],
  ['another scheme', 'ftp://www.youtube.com/watch?v=refused0001'],
])('%s is refused beside the field, which keeps the text', async (_name, text) => {
  const page = await house.visit();
  await fieldOf(page).fill(text);
  await page.keyboard.press('Enter');
  const sentence = page.getByRole('alert').filter({ hasText: /\S.{10}/ });
  await sentence.waitFor();
  expect(await fieldOf(page).inputValue()).toBe(text);
  expect(await fieldOf(page).getAttribute('aria-invalid')).toBe('true');
  expect(await fieldOf(page).getAttribute('aria-describedby')).toContain('refusals');
  expect(await page.getByRole('listitem', { name: /refused|example|hello/ }).count()).toBe(0);
  // Whoever corrects it is where the fault is.
  expect(await fieldOf(page).evaluate((field) => field === document.activeElement)).toBe(true);
});

test('an empty field is told what it is for', async () => {
  const page = await house.visit();
  await fieldOf(page).press('Enter');
  await page.getByRole('alert').getByText('There is no link yet').waitFor();
});

test('of several links only the refused ones stay, each with its own sentence', async () => {
  const song = house.publish({ id: 'good0000001' });
  const bad = 'https://www.youtube.com/playlist?list=PLrefused00000001';
  const page = await house.visit();
  await paste(page, `${addressOf(song)}\n${bad}\nhttps://example.com/a`);
  await rowOf(page, song).waitFor();
  await page.getByText('2 links were refused:').waitFor();
  expect(await fieldOf(page).inputValue()).toBe(`${bad}\nhttps://example.com/a`);
  await fieldOf(page).press('Escape');
  expect(await fieldOf(page).inputValue()).toBe('');
  expect(await page.getByText('links were refused').count()).toBe(0);
});
