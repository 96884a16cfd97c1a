// Everything with the keyboard alone: no test here touches a pointer.

import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { addressOf, fieldOf, openHouse, rowOf, waitFor } from '../../support/visit.ts';

const house = openHouse();

const hasFocus = (page: Page, selector: string) =>
  page.waitForFunction((wanted) => document.activeElement?.matches(wanted) ?? false, selector);

/** Presses Tab until the element of that name has the focus. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  const seen: string[] = [];
  for (let press = 0; press < 40; press += 1) {
    await page.keyboard.press('Tab');
    const text = await page.evaluate(() => {
      const element = document.activeElement;
      return element?.ariaLabel ?? element?.textContent ?? '';
    });
    if (name.test(text)) return;
    seen.push(text);
  }
  throw new Error(`40 times Tab never came to ${name}, but to: ${seen.join(' | ')}`);
}

test('Tab begins with the way past the header, which leads to the main part', async () => {
  const page = await house.visit();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await hasFocus(page, 'main');
  await page.keyboard.press('Tab');
  await hasFocus(page, 'textarea');
});

test('a job is asked for, watched, opened, canceled and removed with keys', async () => {
  const song = house.publish({ id: 'keys0000001', title: 'By keys' });
  song.hold();
  const page = await house.visit();
  await page.keyboard.press('/');
  await hasFocus(page, 'textarea');
  await page.keyboard.insertText(addressOf(song));
  await page.keyboard.press('Enter');
  await song.whenHeld();
  const row = await waitFor(page, song, 'Downloading');
  await page.keyboard.press('Tab');
  await page.keyboard.press('j');
  await hasFocus(page, 'li');
  await page.keyboard.press('c');
  await row.getByText('stopped by you').waitFor();
  await page.keyboard.press('Enter');
  await row.getByText('What happened').waitFor();
  await page.keyboard.press('Delete');
  await row.waitFor({ state: 'detached' });
  await tabTo(page, /^Undo$/);
  await page.keyboard.press('Enter');
  await rowOf(page, song).waitFor();
  song.release();
});

test('? opens the sheet of keys, Escape closes it and gives the focus back', async () => {
  const page = await house.visit();
  await tabTo(page, /^Keyboard shortcuts$/);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await hasFocus(page, '.header-keys');
});

test('characters typed into the field are no shortcuts, and shortcuts can be turned off', async () => {
  const page = await house.visit();
  await fieldOf(page).focus();
  await page.keyboard.type('?/jk');
  expect(await fieldOf(page).inputValue()).toBe('?/jk');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  await page.keyboard.press('?');
  const isOn = page.getByRole('checkbox', { name: 'Single-key shortcuts are on' });
  await isOn.press('Space');
  expect(await isOn.isChecked()).toBe(false);
  await page.keyboard.press('Escape');
  await page.reload();
  await fieldOf(page).waitFor();
  await page.keyboard.press('?');
  await page.keyboard.press('/');
  expect(await page.getByRole('dialog').isVisible()).toBe(false);
  expect(await fieldOf(page).evaluate((field) => field === document.activeElement)).toBe(false);
});
