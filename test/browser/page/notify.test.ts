// Telling people who look elsewhere: a notification of the system when it is allowed, through the service worker,
// and the title of the tab. Whether the page is seen is played: a headless browser shows every page.

import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../../support/eventually.ts';
import { addressOf, openHouse, paste, waitFor } from '../../support/visit.ts';

const house = openHouse();

const bell = (page: Page) => page.getByRole('button', { name: 'Tell me when it is done' });

/** Lets the page believe that it is hidden, or seen again. */
const look = (page: Page, state: 'hidden' | 'visible') =>
  page.evaluate((visibilityState) => {
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => visibilityState,
    });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);

/** What lies in the system's tray. */
const tray = (page: Page) =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    const shown = (await registration?.getNotifications()) ?? [];
    return shown.map(({ title, body }) => ({ title, body }));
  });

const visitAllowed = (state: 'granted' | 'denied') =>
  house.visit({
    permissions: [
      'clipboard-read',
      'clipboard-write',
      ...(state === 'granted' ? ['notifications'] : []),
    ],
  });

test('who allows it is told of the end by the system, and a click plays the tape', async () => {
  const song = house.publish({ id: 'notify00001', title: 'Told of', durationSeconds: 30 });
  const page = await visitAllowed('granted');
  await bell(page).click();
  await page.getByRole('button', { name: 'Tell me when it is done', pressed: true }).waitFor();
  song.hold();
  await paste(page, addressOf(song));
  await song.whenHeld();
  await look(page, 'hidden');
  song.release();
  await eventually('the notification', async () => (await tray(page)).length > 0);
  expect(await tray(page)).toEqual([{ title: 'Told of', body: 'Ready to play' }]);
  expect(await page.title()).toMatch(/^✓ Told of/);

  const [worker] = page.context().serviceWorkers();
  await worker?.evaluate(async () => {
    type Scope = {
      registration: { getNotifications(): Promise<unknown[]> };
      dispatchEvent(event: Event): void;
      NotificationEvent: new (type: string, about: { notification: unknown }) => Event;
    };
    const scope = globalThis as unknown as Scope;
    const [notification] = await scope.registration.getNotifications();
    scope.dispatchEvent(new scope.NotificationEvent('notificationclick', { notification }));
  });
  await page
    .getByRole('region', { name: 'Player' })
    .getByText('Told of', { exact: true })
    .waitFor();
  await look(page, 'visible');
  expect(await tray(page)).toEqual([]);
  expect(await page.title()).not.toMatch(/^✓/);
});

test('a failure is told too, with the reason, but nothing that one sees anyway', async () => {
  const [seen, failing] = [
    house.publish({ id: 'notify00002', title: 'Seen' }),
    house.publish({ id: 'notify00003', title: 'Failing', refusal: 'private' }),
  ];
  failing.hold('player');
  const page = await visitAllowed('granted');
  await bell(page).click();
  await page.getByRole('button', { name: 'Tell me when it is done', pressed: true }).waitFor();
  await paste(page, addressOf(seen));
  await waitFor(page, seen, 'Ready');
  await paste(page, addressOf(failing));
  await failing.whenHeld('player');
  await look(page, 'hidden');
  failing.release('player');
  await waitFor(page, failing, 'Failed');
  await eventually('the notification', async () => (await tray(page)).length > 0);
  const [only, ...more] = await tray(page);
  expect(more).toEqual([]);
  expect(only?.body).toMatch(/^Failed: .*private/i);
});

test('where the browser forbids it the page says what to do, and the bell stays off', async () => {
  const page = await visitAllowed('denied');
  await bell(page).click();
  await page.getByText('The browser forbids this page to notify').waitFor();
  expect(await bell(page).getAttribute('aria-pressed')).toBe('false');
  expect(page.context().serviceWorkers()).toEqual([]);
});
