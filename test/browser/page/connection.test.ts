// The truth about the connection: without a WebSocket the page says so and goes on by asking, and it is
// live and exact again when the WebSocket is back.

import { expect, test } from '@jest/globals';
import type { Page, WebSocketRoute } from 'playwright-core';
import { requestMp3, awaitEnd } from '../../support/caller.ts';
import { addressOf, openHouse, paste, rowOf, waitFor } from '../../support/visit.ts';

const house = openHouse();

/** What Chromium says about a socket that a test closes. */
const socketGone = /^console (error|warning): WebSocket/;

const sign = (page: Page, word: string) =>
  page.getByRole('status', { name: 'Connection' }).getByText(word, { exact: true }).waitFor();

/** A switch in front of the page's sockets: open, they reach the server; shut, they are closed. */
async function standBetween(page: Page) {
  const open = new Set<WebSocketRoute>();
  let isShut = false;
  await page.routeWebSocket('**/graphql', (socket) => {
    if (isShut) return void socket.close({ code: 1013, reason: 'not now' });
    open.add(socket);
    socket.connectToServer();
  });
  return {
    shut() {
      isShut = true;
      for (const socket of open) void socket.close({ code: 1013, reason: 'not now' });
      open.clear();
    },
    open() {
      isShut = false;
    },
  };
}

test('where WebSockets are refused the page says so, and shows a conversion to its end', async () => {
  const song = house.publish({ id: 'refused0001', title: 'Without a socket' });
  song.hold();
  const page = await house.visit({
    provoked: socketGone,
    prepare: async (loading) => (await standBetween(loading)).shut(),
  });
  await sign(page, 'Not live');
  await page.getByText('the page asks every few seconds').waitFor();
  await paste(page, addressOf(song));
  await waitFor(page, song, 'Downloading');
  song.release();
  await waitFor(page, song, 'Ready');
  await sign(page, 'Not live');
});

test('a cut in the middle of a conversion is told, bridged, and over when the socket is back', async () => {
  const song = house.publish({ id: 'cut00000001', title: 'Cut in the middle' });
  song.hold();
  let between!: Awaited<ReturnType<typeof standBetween>>;
  const page = await house.visit({
    provoked: socketGone,
    prepare: async (loading) => (between = await standBetween(loading)),
  });
  await sign(page, 'Live');
  await paste(page, addressOf(song));
  await waitFor(page, song, 'Downloading');

  between.shut();
  await sign(page, 'Not live');
  song.release();
  await waitFor(page, song, 'Ready');

  between.open();
  await page.getByRole('button', { name: 'Try now' }).click();
  await sign(page, 'Live');
  await page.getByText('the page asks every few seconds').waitFor({ state: 'detached' });
  const next = house.publish({ id: 'cut00000002', title: 'After the cut' });
  await paste(page, addressOf(next));
  await waitFor(page, next, 'Ready');
});

test('what came and went while the page was offline is exact after the return', async () => {
  const song = house.publish({ id: 'offline0001', title: 'Made by another meanwhile' });
  const page = await house.visit({ provoked: /^failed: |^console error: / });
  await sign(page, 'Live');
  await page.context().setOffline(true);
  // Chromium keeps open sockets when it goes offline; a real network takes them along.
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await sign(page, 'Offline');
  await page.getByText('The server cannot be reached').waitFor();

  const { job } = await requestMp3(house.url, addressOf(song));
  await awaitEnd(house.url, job.id);
  expect(await rowOf(page, song).count()).toBe(0);
  await page.context().setOffline(false);
  await sign(page, 'Live');
  await waitFor(page, song, 'Ready');
});

test('a laptop that slept through it is exact at once when it wakes, though its socket seems open', async () => {
  const song = house.publish({ id: 'asleep00001', title: 'Made while it slept' });
  let isAsleep = false;
  let sockets = 0;
  const page = await house.visit({
    async prepare(loading) {
      await loading.clock.install();
      await loading.routeWebSocket('**/graphql', (socket) => {
        sockets += 1;
        const isFirst = sockets === 1;
        const server = socket.connectToServer();
        // The first one lives on without carrying any news: only its pings are answered.
        server.onMessage((message) => {
          const isNews = (JSON.parse(String(message)) as { type: string }).type === 'next';
          if (!(isFirst && isAsleep && isNews)) socket.send(message);
        });
      });
    },
  });
  await sign(page, 'Live');
  isAsleep = true;
  const { job } = await requestMp3(house.url, addressOf(song));
  await awaitEnd(house.url, job.id);
  expect(await rowOf(page, song).count()).toBe(0);
  await page.clock.fastForward('01:00:00');
  await waitFor(page, song, 'Ready');
  await sign(page, 'Live');
  expect(sockets).toBe(2);
});

test('the link stays in the field when the server cannot be reached, and goes when it can', async () => {
  const song = house.publish({ id: 'offline0002', title: 'Asked for again' });
  const page = await house.visit({ provoked: /^failed: |^console error: / });
  await sign(page, 'Live');
  await page.context().setOffline(true);
  await paste(page, addressOf(song));
  await page
    .getByRole('alert')
    .getByText(/The server cannot be reached/)
    .waitFor();
  const field = page.getByRole('textbox', { name: 'Link of a video' });
  expect(await field.inputValue()).toBe(addressOf(song));
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Convert', exact: true }).click();
  await waitFor(page, song, 'Ready');
  expect(await field.inputValue()).toBe('');
});
