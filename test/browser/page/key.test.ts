// Where the server asks for a key (ACCESS=keys) the page does too: once, calmly, and it says when one is refused.

import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { revokeApiKey } from '../../../src/db/apiKeys.ts';
import type { Scope } from '../../../src/domain/access.ts';
import { createApiKey } from '../../../src/services/apiKeys.ts';
import { findWrongs } from '../../support/axe.ts';
import { addressOf, fieldOf, openHouse, paste, rowOf, waitFor } from '../../support/visit.ts';

const house = openHouse({ ACCESS: 'keys' });

/** What Chromium says of the refusals that are the matter here. */
const provoked = /^40[13]: \S+\/graphql$|^console error: .*(40[13]|WebSocket)/;

const makeKey = (...scopes: Scope[]) =>
  createApiKey(house.app.app.pool, { name: 'a visitor’s', scopes });

const keyField = (page: Page) => page.getByLabel('Your key');

async function comeIn(page: Page, key: string): Promise<void> {
  await keyField(page).fill(key);
  await page.keyboard.press('Enter');
}

test('a first visit is asked for the key, and works with it from then on, sound and picture too', async () => {
  const { key } = await makeKey('request', 'read');
  const song = house.publish({ id: 'locked00001', title: 'Behind the key', durationSeconds: 30 });
  const page = await house.visit({ provoked });
  await page.getByRole('heading', { name: 'This deck has a key.' }).waitFor();
  expect(await fieldOf(page).count()).toBe(0);
  await comeIn(page, key);
  await page.getByRole('status', { name: 'Connection' }).getByText('Live').waitFor();
  await paste(page, addressOf(song));
  const row = await waitFor(page, song, 'Ready');
  await row.locator('.thumbnail img').waitFor();
  await page.getByRole('button', { name: 'Play: Behind the key' }).click();
  await page.waitForFunction(() => (document.querySelector('audio')?.currentTime ?? 0) > 0.3);
  await page.reload();
  await rowOf(page, song).waitFor();
  expect(await keyField(page).count()).toBe(0);
});

test('a wrong key is refused beside its field, and nothing of it is kept', async () => {
  const page = await house.visit({ provoked });
  await comeIn(page, `tapedeck_${'A'.repeat(43)}`);
  await page.getByRole('alert').getByText('This key is not accepted').waitFor();
  expect(await findWrongs(page)).toEqual([]);
  expect(await keyField(page).getAttribute('aria-invalid')).toBe('true');
  expect(await page.evaluate(() => localStorage.getItem('tapedeck:key'))).toBeNull();
  await comeIn(page, (await makeKey('read', 'request')).key);
  await fieldOf(page).waitFor();
});

test('a key that is revoked closes the page at once, and says why', async () => {
  const { id, key } = await makeKey('request', 'read');
  const page = await house.visit({ provoked });
  await comeIn(page, key);
  await page.getByRole('status', { name: 'Connection' }).getByText('Live').waitFor();
  await revokeApiKey(house.app.app.pool, id);
  await page.getByRole('alert').getByText('This key is not accepted, or no longer').waitFor();
});

test('another key sees nothing of the first, and forgetting a key leaves nothing of it', async () => {
  const [one, two] = [await makeKey('request', 'read'), await makeKey('request', 'read')];
  const song = house.publish({ id: 'locked00002', title: 'Of the first key' });
  const page = await house.visit({ provoked });
  await comeIn(page, one.key);
  await paste(page, addressOf(song));
  await waitFor(page, song, 'Ready');
  await page.getByRole('button', { name: 'Forget the key in this browser' }).click();
  await page.getByRole('heading', { name: 'This deck has a key.' }).waitFor();
  expect(await rowOf(page, song).count()).toBe(0);
  expect(await page.evaluate(() => localStorage.getItem('tapedeck:key'))).toBeNull();
  await comeIn(page, two.key);
  await page.getByRole('button', { name: 'Big Buck Bunny' }).waitFor();
  expect(await rowOf(page, song).count()).toBe(0);
});

test('a key that may not do something says so beside the field, and the text stays', async () => {
  const { key } = await makeKey('read');
  const song = house.publish({ id: 'locked00003' });
  const page = await house.visit({ provoked });
  await comeIn(page, key);
  await fieldOf(page).waitFor();
  await paste(page, addressOf(song));
  await page.getByRole('alert').getByText('This API key lacks the scope "request"').waitFor();
  expect(await fieldOf(page).inputValue()).toBe(addressOf(song));
});
