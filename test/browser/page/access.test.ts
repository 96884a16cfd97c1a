// The page for everyone: WCAG 2.2 AA as far as a machine can judge it, light and dark, and a narrow phone.

import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { findWrongs } from '../../support/axe.ts';
import { furnish, openHouse, rowOf } from '../../support/visit.ts';

const house = openHouse();
let videos: Awaited<ReturnType<typeof furnish>>;

const themes = ['light', 'dark'] as const;
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } as const;
const wall = { viewport: { width: 3840, height: 2160 } } as const;

const openDetails = async (page: Page) => {
  for (const song of [videos.ready, videos.failed, videos.running[0]!]) {
    await rowOf(page, song)
      .getByRole('button', { name: /^Details/ })
      .click();
    await rowOf(page, song).getByText('What happened').waitFor();
  }
};

/** By how much the page is wider than its window. */
const overhang = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

describe('axe finds nothing', () => {
  test.each(themes)('on a first visit, %s', async (colorScheme) => {
    const page = await house.visit({ colorScheme });
    await page.getByRole('button', { name: 'Big Buck Bunny' }).waitFor();
    expect(await findWrongs(page)).toEqual([]);
  });
});

describe('with jobs in every state', () => {
  beforeAll(async () => {
    videos = await furnish(house);
  });

  test.each(themes)(
    'axe finds nothing on the list, its details and the player, %s',
    async (colorScheme) => {
      const page = await house.visit({ colorScheme });
      await rowOf(page, videos.waiting).waitFor();
      await openDetails(page);
      await page.getByRole('button', { name: /^Play: / }).click();
      await page.getByRole('region', { name: 'Player' }).waitFor();
      expect(await findWrongs(page)).toEqual([]);
    },
  );

  test.each(themes)('axe finds nothing on the queue page, %s', async (colorScheme) => {
    const page = await house.visit({ colorScheme, path: '/queue' });
    await page.getByText('2 of 2 slots in use').waitFor();
    expect(await findWrongs(page)).toEqual([]);
  });

  test.each(themes)(
    'axe finds nothing on the page for unknown addresses, %s',
    async (colorScheme) => {
      const page = await house.visit({
        ...{ colorScheme, path: '/nowhere' },
        provoked: /^404: \S+\/nowhere$|^console error: .* 404/,
      });
      await page.getByRole('heading', { name: 'There is no tape here.' }).waitFor();
      expect(await findWrongs(page)).toEqual([]);
    },
  );

  test.each(themes)(
    'axe finds nothing on a refusal and on the sheet of keys, %s',
    async (colorScheme) => {
      const page = await house.visit({ colorScheme });
      await page.getByRole('textbox', { name: 'Link of a video' }).fill('no link');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').filter({ hasText: /\S/ }).waitFor();
      expect(await findWrongs(page)).toEqual([]);
      await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
      await page.getByRole('dialog').waitFor();
      expect(await findWrongs(page)).toEqual([]);
    },
  );

  test.each(['/', '/queue'])(
    'on a phone 360 px wide nothing of %s lies beside the window',
    async (path) => {
      const page = await house.visit({ ...phone, path });
      await page.getByRole('heading', { level: 1 }).waitFor();
      if (path === '/') {
        await rowOf(page, videos.waiting).waitFor();
        await openDetails(page);
        await page.getByRole('button', { name: /^Play: / }).tap();
        await page.getByRole('region', { name: 'Player' }).waitFor();
      } else {
        await page.getByText('2 of 2 slots in use').waitFor();
      }
      expect(await overhang(page)).toBe(0);
      expect(await findWrongs(page)).toEqual([]);
    },
  );

  test.each(['/', '/queue'])('a 4K screen is used by %s, and nothing is found', async (path) => {
    const page = await house.visit({ ...wall, path });
    await page.getByRole('heading', { level: 1 }).waitFor();
    if (path === '/') await rowOf(page, videos.waiting).waitFor();
    else await page.getByText('2 of 2 slots in use').waitFor();
    expect(await overhang(page)).toBe(0);
    const { width } = (await page.getByRole('main').boundingBox()) ?? { width: 0 };
    expect(width).toBeGreaterThan(wall.viewport.width / 3);
    const textPx = await page
      .locator('.job-facts, .worker-facts')
      .first()
      .evaluate((element) => parseFloat(getComputedStyle(element).fontSize));
    // Read from where such a screen hangs: the figures of a laptop would be too small.
    expect(textPx).toBeGreaterThan(18);
    expect(await findWrongs(page)).toEqual([]);
  });

  test('in Spanish the page speaks Spanish, and says so', async () => {
    const page = await house.visit({ locale: 'es-ES' });
    await rowOf(page, videos.ready)
      .getByRole('button', { name: /^Reproducir/ })
      .waitFor();
    expect(
      await page.getByRole('document').or(page.locator('html')).first().getAttribute('lang'),
    ).toBe('es');
  });
});
