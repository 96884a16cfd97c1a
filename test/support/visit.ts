// People in front of the page: a browser, a whole Tapedeck, and the stand-in that its videos come from.
// A visit that did what no page of ours may fails its test.

import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { startApp } from './app.ts';
import type { TestApp } from './app.ts';
import { launchBrowser, noteFaults } from './browser.ts';
import { act, awaitEnd, requestMp3 } from './caller.ts';
import { startYouTube } from './youtube/server.ts';
import type { YouTube } from './youtube/server.ts';
import { video } from './youtube/video.ts';
import type { Video, VideoDeclaration } from './youtube/video.ts';

type VisitOptions = BrowserContextOptions & {
  /** Where the visit begins. */
  readonly path?: string;
  /** In the place of the file's own Tapedeck. */
  readonly url?: string;
  /** Faults that the test provokes, and only those. */
  readonly provoked?: RegExp;
  /** Runs before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<unknown>;
};

export type House = {
  readonly url: string;
  /** For jobs that are made without the page. */
  readonly app: TestApp;
  readonly youtube: YouTube;
  /** A new visitor, without memory of any other. */
  readonly visit: (options?: VisitOptions) => Promise<Page>;
  /** A video that can be asked for; its address is `addressOf(it)`. */
  readonly publish: (declared: VideoDeclaration) => Video;
};

/** Chromium drops what it has read enough of, an MP3 that was paused, stopped or downloaded, and pictures at a reload. */
const dropped = /^failed: \S+\/(?:files|previews|thumbnails)\/\S+ net::ERR_ABORTED$/;

/** Registers the hooks of a test file that share one Tapedeck, with both roles, and one browser. */
export function openHouse(settings: Readonly<Record<string, string>> = {}): House {
  const stack = new AsyncDisposableStack();
  const visits: { page: Page; faults: string[]; provoked: RegExp | undefined }[] = [];
  let browser: Browser | undefined;
  let youtube: YouTube | undefined;
  let app: TestApp | undefined;
  beforeAll(async () => {
    youtube = stack.use(await startYouTube());
    app = stack.use(await startApp({ settings: { ...youtube.environment, ...settings } }));
    browser = stack.adopt(await launchBrowser(), (closing) => closing.close());
  });
  afterAll(() => stack.disposeAsync());
  afterEach(async () => {
    const faults = visits.flatMap((visit) =>
      visit.faults.filter((fault) => !dropped.test(fault) && visit.provoked?.test(fault) !== true),
    );
    const pages = visits.splice(0).map(({ page }) => page);
    await Promise.all(pages.map((page) => page.context().close()));
    if (faults.length > 0) throw new Error(`The page is not clean:\n${faults.join('\n')}`);
  });
  return {
    get url() {
      return opened(app).url;
    },
    get app() {
      return opened(app);
    },
    get youtube() {
      return opened(youtube);
    },
    async visit({ path = '/', url: other, provoked, prepare, ...options } = {}) {
      const origin = other ?? opened(app).url;
      const context = await opened(browser).newContext({
        locale: 'en-US',
        // A bar that moves, drawn without a graphics card, takes a core from what is tested. Those of motion ask for it.
        reducedMotion: 'reduce',
        permissions: ['clipboard-read', 'clipboard-write'],
        ...options,
      });
      // A busy machine is slow, and only a hang shall fail: as jest's own time-out, a bit earlier.
      context.setDefaultTimeout(50_000);
      const page = await context.newPage();
      visits.push({ page, faults: noteFaults(page, origin), provoked });
      await prepare?.(page);
      await page.goto(origin + path);
      await page.getByRole('main').waitFor();
      return page;
    },
    publish(declared) {
      const published = video(declared);
      opened(youtube).add(published);
      return published;
    },
  };
}

export const addressOf = ({ id }: Pick<Video, 'id'>): string =>
  `https://www.youtube.com/watch?v=${id}`;

/** The field that links go into. */
export const fieldOf = (page: Page): Locator =>
  page.getByRole('textbox', { name: 'Link of a video' });

/** The row of a job, by the title of its video, or by its address while the title is not known. */
export const rowOf = (page: Page, { id, title }: Pick<Video, 'id' | 'title'>): Locator =>
  page.getByRole('listitem', { name: new RegExp(`^(${title}|youtu.*${id})$`) });

/** Copies the text elsewhere and pastes it into the field with the keys. */
export async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
  await fieldOf(page).focus();
  await page.keyboard.press('ControlOrMeta+V');
}

/** Pastes the video's address and waits until its MP3 is there. */
export async function convert(page: Page, wanted: Video): Promise<Locator> {
  await paste(page, addressOf(wanted));
  return waitFor(page, wanted, 'Ready');
}

/** Waits until the row of the video, folded, says the word, and answers the row. */
export async function waitFor(
  page: Page,
  wanted: Pick<Video, 'id' | 'title'>,
  word: string,
): Promise<Locator> {
  const row = rowOf(page, wanted);
  await row.getByText(word, { exact: true }).waitFor({ timeout: 45_000 });
  return row;
}

/**
 * One job in each state that lasts: ready, failed, canceled, two running, one waiting. Needs a worker with
 * two slots. Release `running` to go on.
 */
export async function furnish(house: House) {
  const publish = (name: string, more: Partial<VideoDeclaration> = {}) =>
    house.publish({ id: name.padEnd(11, '0'), title: `A ${name} video`, ...more });
  const [ready, failed] = [publish('ready'), publish('failed', { refusal: 'private' })];
  // Long enough to be held through a whole file of tests.
  const running = ['running1', 'running2'].map((name) => publish(name, { durationSeconds: 90 }));
  const [waiting, canceled] = [publish('waiting'), publish('canceled')];
  const request = async (song: Video) => (await requestMp3(house.url, addressOf(song))).job;
  const ends = await Promise.all([ready, failed].map(request));
  await Promise.all(ends.map(({ id }) => awaitEnd(house.url, id)));
  for (const song of running) song.hold();
  await Promise.all(running.map(request));
  await Promise.all(running.map((song) => song.whenHeld()));
  await act(house.url, 'cancelJob', (await request(canceled)).id);
  await request(waiting);
  return { ready, failed, running, waiting, canceled };
}

function opened<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error('beforeAll has not run');
  return thing;
}
