// Many jobs on one page, and the first row of a new one: what keeps both quick is asserted, the figures are
// printed. No worker runs here; the test itself writes the progress of what runs.

import { beforeEach, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { writeProgress } from '../../../src/db/progress.ts';
import { eventually } from '../../support/eventually.ts';
import { report, summarize } from '../../support/figures.ts';
import { failMany, runJob } from '../../support/jobStates.ts';
import { removeAllJobs } from '../../support/jobs.ts';
import { addressOf, fieldOf, openHouse, paste, rowOf } from '../../support/visit.ts';

const house = openHouse({ ROLES: 'api' });
beforeEach(() => removeAllJobs(house.app.app.pool));

const [running, ended, steps] = [50, 450, 10];

/** Keeps from now on which rows were changed or made, and how long the page took from frame to frame. */
const observe = (page: Page) =>
  page.evaluate(() => {
    const [changed, made] = [new Set<string>(), new Set<string>()];
    const idOf = (node: Node) =>
      (node instanceof Element ? node : node.parentElement)
        ?.closest('.jobs > li')
        ?.getAttribute('aria-labelledby') ?? '';
    new MutationObserver((mutations) => {
      for (const { target, addedNodes } of mutations) {
        if (idOf(target) !== '') changed.add(idOf(target));
        for (const node of addedNodes) if (node.nodeName === 'LI') made.add(idOf(node));
      }
    }).observe(document.querySelector('.jobs') ?? document.body, {
      ...{ subtree: true, childList: true, attributes: true, characterData: true },
    });
    const frames: number[] = [];
    let last = performance.now();
    const tick = () => {
      frames.push(performance.now() - last);
      last = performance.now();
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    Object.assign(globalThis, {
      seen: () => ({ changed: [...changed], made: [...made], frames }),
    });
  });

type Seen = { readonly changed: string[]; readonly made: string[]; readonly frames: number[] };

const seenBy = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { seen(): Seen }).seen());

test('with 500 rows, news of 50 running jobs redraws those 50 rows and makes none anew', async () => {
  const { oldest } = await failMany(house.app, ended);
  const jobs = [];
  for (let made = 0; made < running; made += 1) jobs.push(await runJob(house.app));
  const page = await house.visit();
  await page.getByRole('main').hover();
  await eventually('the oldest row', async () => {
    await page.mouse.wheel(0, 5_000);
    return (await page.getByRole('listitem', { name: new RegExp(oldest) }).count()) === 1;
  });
  expect(await page.locator('.jobs > li').count()).toBe(ended + running);
  await page.mouse.wheel(0, -100_000);
  await page.evaluate(() => scrollTo({ top: 0 }));
  await observe(page);
  for (let step = 1; step <= steps; step += 1) {
    const nothing = { bytesDone: null, bytesTotal: null, bytesPerSecond: 1e6, etaSeconds: 60 };
    await writeProgress(
      house.app.app.pool,
      jobs.map((job) => ({ ...job, ...nothing, phase: 'RESOLVING', fraction: step / 100 })),
    );
    const bars = page.locator(`.jobs [role=progressbar][aria-valuenow="${step}"]`);
    await eventually(`${running} bars at ${step} %`, async () => (await bars.count()) === running);
  }
  const { changed, made, frames } = await seenBy(page);
  expect(new Set(changed)).toEqual(new Set(jobs.map(({ id }) => `title-${id}`)));
  expect(made).toEqual([]);
  report({
    demand: 'frame to frame with 500 rows, 50 of them live',
    target: '16.7 ms, no frame above 100 ms',
    measured: summarize(frames.slice(1)),
  });
});

test('the row of a pasted link needs one answer, whatever else is slow', async () => {
  const song = house.publish({ id: 'alone000001' });
  const page = await house.visit({
    async prepare(loading) {
      // Neither the history nor the stream ever answers.
      await loading.routeWebSocket('**/graphql', () => {});
      await loading.route('**/graphql', (route) => {
        if (route.request().postData()?.includes('mutation')) return route.continue();
        return new Promise<void>(() => {});
      });
    },
  });
  await paste(page, addressOf(song));
  await rowOf(page, song).waitFor();
});

test('a pasted link has its row soon', async () => {
  const page = await house.visit();
  await page.getByRole('status', { name: 'Connection' }).getByText('Live').waitFor();
  const durations: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    const song = house.publish({ id: `soon${String(round).padStart(7, '0')}` });
    await fieldOf(page).focus();
    durations.push(
      await page.evaluate(async (link) => {
        const pasted = new DataTransfer();
        pasted.setData('text', link);
        const row = Promise.withResolvers<void>();
        const id = link.split('=')[1] ?? '';
        new MutationObserver((_, observer) => {
          if (document.querySelector('.jobs > li')?.textContent.includes(id) !== true) return;
          observer.disconnect();
          row.resolve();
        }).observe(document.body, { subtree: true, childList: true });
        const startedAt = performance.now();
        document.activeElement?.dispatchEvent(
          new ClipboardEvent('paste', { clipboardData: pasted, bubbles: true, cancelable: true }),
        );
        await row.promise;
        return performance.now() - startedAt;
      }, addressOf(song)),
    );
  }
  expect(durations).toHaveLength(10);
  report({
    demand: 'a row after a paste',
    target: '200 ms',
    measured: summarize(durations),
  });
});
