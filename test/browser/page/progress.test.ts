// What a person sees of a conversion while it runs: one bar that only rises, through every phase.

import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../../support/eventually.ts';
import { requestMp3 } from '../../support/caller.ts';
import { addressOf, convert, openHouse, paste, rowOf, waitFor } from '../../support/visit.ts';

type Reading = { readonly value: number | null; readonly text: string };

const house = openHouse();

test('the bar rises through the phases, never falls, and the page shows each step live', async () => {
  const song = house.publish({
    ...{ id: 'progress001', title: 'Rising', durationSeconds: 120 },
    media: { kind: 'throttled', bytesPerSecond: 500_000 },
  });
  const page = await house.visit();
  await noteReadings(page);
  await paste(page, addressOf(song));
  const row = await waitFor(page, song, 'Ready');

  const readings = await page.evaluate(
    () => (globalThis as unknown as { readings: Reading[] }).readings,
  );
  const told = JSON.stringify(readings);
  const values = readings.map(({ value }) => value).filter((value) => value !== null);
  expect({ told, values }).toEqual({ told, values: values.toSorted((a, b) => a - b) });
  expect(new Set(values).size).toBeGreaterThan(5);
  const phases = [...new Set(readings.map(({ text }) => text.replace(/, \d+ percent$/, '')))];
  const order = ['Waiting', 'Looking it up', 'Downloading', 'Converting', 'Saving'];
  expect({ told, phases: phases.filter((phase) => order.includes(phase)) }).toEqual({
    told,
    phases: order.filter((phase) => phases.includes(phase)),
  });
  expect(phases).toEqual(expect.arrayContaining(['Downloading', 'Converting']));
  expect(await row.getByRole('progressbar').count()).toBe(0);
});

test('a held download says its percentage, in the row and in the title of the tab', async () => {
  const song = house.publish({ id: 'progress002', title: 'Half-way', durationSeconds: 60 });
  song.hold();
  const page = await house.visit();
  await paste(page, addressOf(song));
  await song.whenHeld();
  const row = await waitFor(page, song, 'Downloading');
  const bar = row.getByRole('progressbar', { name: 'Progress of Half-way' });
  await bar.waitFor();
  await page.waitForFunction(() => /\d+\s?%/.test(document.title));
  expect(Number(await bar.getAttribute('aria-valuemax'))).toBe(100);
  song.release();
  await waitFor(page, song, 'Ready');
  await page.waitForFunction(() => !/\d+\s?%/.test(document.title));
});

test('the row neither moves nor changes its height from asking to the end', async () => {
  const song = house.publish({ id: 'progress003', title: 'Standing still' });
  song.hold('player');
  song.hold('media');
  const page = await house.visit();
  await paste(page, addressOf(song));
  // Before it is resolved, the row is named by its address.
  const early = page.getByRole('listitem', { name: /progress003/ });
  await early.waitFor();
  const before = await early.boundingBox();
  song.release('player');
  await song.whenHeld('media');
  const during = await rowOf(page, song).boundingBox();
  song.release('media');
  const after = await (await waitFor(page, song, 'Ready')).boundingBox();
  expect({ during, after }).toEqual({ during: before, after: before });
});

test('from the first paint to the end of a conversion nothing on the page shifts', async () => {
  const [early, song] = [
    house.publish({ id: 'progress005', title: 'There before' }),
    house.publish({ id: 'progress006', title: 'Under way' }),
  ];
  await convert(await house.visit(), early);
  song.hold('player');
  song.hold('media');
  await requestMp3(house.url, addressOf(song));
  const page = await house.visit({
    reducedMotion: 'no-preference',
    prepare: (loading) => loading.addInitScript(noteShifts),
  });
  await rowOf(page, { id: song.id, title: song.title }).waitFor();
  song.release('player');
  await song.whenHeld('media');
  await waitFor(page, song, 'Downloading');
  song.release('media');
  await waitFor(page, song, 'Ready');
  expect(await page.evaluate(() => (globalThis as unknown as { shifts: unknown }).shifts)).toEqual(
    [],
  );
});

test('the row shows the picture of the video while it is still being downloaded', async () => {
  const song = house.publish({ id: 'progress007', title: 'In the picture' });
  song.hold();
  const page = await house.visit();
  await paste(page, addressOf(song));
  await song.whenHeld();
  const row = await waitFor(page, song, 'Downloading');
  const picture = row.locator('.thumbnail img');
  await picture.waitFor();
  await eventually('its 256 pixels', async () =>
    picture.evaluate((image) => (image as HTMLImageElement).naturalWidth === 256),
  );
  const address = await picture.getAttribute('src');
  song.release();
  await waitFor(page, song, 'Ready');
  expect(await picture.getAttribute('src')).toBe(address);
});

test('details fold out the timeline of the job with its durations', async () => {
  const song = house.publish({ id: 'progress004', title: 'With details' });
  const page = await house.visit();
  await paste(page, addressOf(song));
  const row = await waitFor(page, song, 'Ready');
  await row.getByRole('button', { name: 'Details: With details' }).click();
  await row.getByText('What happened').waitFor();
  const steps = row.getByRole('listitem');
  await steps.filter({ hasText: 'Ready' }).waitFor();
  expect((await steps.allTextContents()).join('\n')).toMatch(
    /Waiting.*\n.*Looking it up.*\n(.*\n)*.*Downloading.*\n(.*\n)*.*Converting/,
  );
  expect(await row.getByText(/^[0-9a-f]{64}$/).count()).toBe(1);
  expect(await row.getByRole('link', { name: addressOf(song) }).count()).toBe(1);
});

/** Keeps what moved without anybody having touched anything, as the browser itself counts it. */
function noteShifts(): void {
  type Shift = PerformanceEntry & {
    value: number;
    hadRecentInput: boolean;
    sources: { node: Node | null; previousRect: DOMRect; currentRect: DOMRect }[];
  };
  const shifts: { what: string; from: DOMRect; to: DOMRect }[] = [];
  Object.assign(globalThis, { shifts });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as Shift[]) {
      if (entry.hadRecentInput) continue;
      for (const { node, previousRect: from, currentRect: to } of entry.sources) {
        const element = node instanceof Element ? node : node?.parentElement;
        // Words on one line that give way to longer words, or to others within one button, are read, not seen to jump.
        const place =
          element?.closest('.job-state, .connection') ??
          element?.parentElement?.closest('.job-action');
        const isWithinLine = from.top === to.top && place != null;
        const hasMoved = from.top !== to.top || from.left !== to.left;
        if (hasMoved && !isWithinLine)
          shifts.push({ what: element?.outerHTML.slice(0, 300) ?? '', from, to });
      }
    }
  }).observe({ type: 'layout-shift', buffered: true });
}

/** Keeps every state of every bar from now on, in the order in which the page showed them. */
async function noteReadings(page: Page): Promise<void> {
  await page.evaluate(() => {
    const readings: { value: number | null; text: string }[] = [];
    Object.assign(globalThis, { readings });
    const note = () => {
      const bar = document.querySelector('[role=progressbar]');
      if (bar === null) return;
      const value = bar.getAttribute('aria-valuenow');
      const text = bar.getAttribute('aria-valuetext') ?? '';
      readings.push({ value: value === null ? null : Number(value), text });
    };
    new MutationObserver(note).observe(document.body, {
      ...{ subtree: true, childList: true, attributes: true },
      attributeFilter: ['aria-valuenow', 'aria-valuetext'],
    });
  });
}
