// Listening on the page and taking the file: real sound from the server, in a player that stays.

import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { requestMp3, awaitEnd } from '../../support/caller.ts';
import { eventually } from '../../support/eventually.ts';
import { openFolder } from '../../support/folder.ts';
import type { Folder } from '../../support/folder.ts';
import { hearTones, tones } from '../../support/sound.ts';
import { addressOf, openHouse, paste, rowOf, waitFor } from '../../support/visit.ts';
import { soundOf } from '../../support/youtube/video.ts';
import type { Video } from '../../support/youtube/video.ts';

const house = openHouse();
let folder: Folder;
/** As the list shows them: the latest first. */
let songs: Video[];
let page: Page;

beforeAll(async () => {
  folder = await openFolder();
  songs = ['Third', 'Second', 'First'].map((title, place) =>
    house.publish({ id: `listen0000${place}`, title, durationSeconds: 30 }),
  );
  for (const song of songs.toReversed()) {
    const { job } = await requestMp3(house.url, addressOf(song));
    await awaitEnd(house.url, job.id);
  }
});
afterAll(async () => folder?.[Symbol.asyncDispose]());
beforeEach(async () => {
  page = await house.visit({ prepare: (loading) => loading.addInitScript(keepMediaKeys) });
});

const player = () => page.getByRole('region', { name: 'Player' });
const playSong = ({ title }: Video) => page.getByRole('button', { name: `Play: ${title}` }).click();

/** What the page's one audio element says. */
const sound = () =>
  page.locator('audio').evaluate((element) => {
    const { currentTime, paused, duration, src } = element as HTMLAudioElement;
    return { currentTime, paused, duration, src };
  });

const hearing = () =>
  eventually('the sound to go on', async () => {
    const { currentTime, paused } = await sound();
    return !paused && currentTime > 0.3;
  });

test('play plays the sound, and pause stops it', async () => {
  const [song] = songs as [Video];
  await playSong(song);
  await hearing();
  expect(Math.round((await sound()).duration)).toBe(30);
  await rowOf(page, song).getByRole('button', { name: 'Pause: Third' }).click();
  await eventually('the sound to stop', async () => (await sound()).paused);
  await player().getByRole('button', { name: 'Play', exact: true }).click();
  await hearing();
});

test('next and previous walk through the finished ones, and the next begins by itself', async () => {
  const [third, second, first] = songs as [Video, Video, Video];
  await playSong(third);
  await hearing();
  await player().getByRole('button', { name: 'Next tape' }).click();
  await player().getByText(second.title, { exact: true }).waitFor();
  await hearing();
  await player().getByRole('button', { name: 'Previous tape' }).click();
  await player().getByText(third.title, { exact: true }).waitFor();
  await player().getByRole('button', { name: 'Next tape' }).click();
  await player().getByText(second.title, { exact: true }).waitFor();
  await hearing();
  await player().getByRole('slider', { name: 'Position' }).press('End');
  await player().getByText(first.title, { exact: true }).waitFor();
  expect(await player().getByRole('button', { name: 'Next tape' }).isDisabled()).toBe(true);
});

test('seeking moves the sound, and the system is told the title', async () => {
  const [song] = songs as [Video];
  await playSong(song);
  await hearing();
  await player().getByRole('slider', { name: 'Position' }).fill('20');
  await eventually('the sound at 20 s', async () => {
    const { currentTime, paused } = await sound();
    return !paused && currentTime > 20;
  });
  const metadata = await page.evaluate(() => {
    const { title, artist, artwork } = navigator.mediaSession.metadata ?? {};
    return { title, artist, pictures: artwork?.map(({ src }) => new URL(src).pathname) };
  });
  expect(metadata).toEqual({
    ...{ title: song.title, artist: song.uploader },
    pictures: [expect.stringMatching(/^\/thumbnails\//)],
  });
});

test('the media keys of the system pause, play, seek, and change the tape', async () => {
  const [third, second] = songs as [Video, Video];
  await playSong(third);
  await hearing();
  await pressKey('pause');
  await eventually('the sound to stop', async () => (await sound()).paused);
  await player().getByRole('button', { name: 'Play', exact: true }).waitFor();
  await pressKey('play');
  await hearing();
  await pressKey('seekto', { seekTime: 20 });
  await eventually('the sound at 20 s', async () => (await sound()).currentTime > 20);
  await pressKey('nexttrack');
  await player().getByText(second.title, { exact: true }).waitFor();
  await hearing();
  await pressKey('previoustrack');
  await player().getByText(third.title, { exact: true }).waitFor();
  await hearing();
});

test('the player stays, and plays on, while another page is looked at', async () => {
  const [song] = songs as [Video];
  await playSong(song);
  await hearing();
  const before = await sound();
  await page.getByRole('link', { name: 'Queue', exact: true }).click();
  await page.getByRole('heading', { name: 'The queue, live' }).waitFor();
  await eventually('the sound to have gone on', async () => {
    const { currentTime, src, paused } = await sound();
    return src === before.src && !paused && currentTime > before.currentTime + 0.5;
  });
  await player().getByRole('button', { name: 'Close the player' }).click();
  await player().waitFor({ state: 'detached' });
  expect((await sound()).paused).toBe(true);
});

/** Ten minutes take some seconds to encode, and there is something to hear from the first of them. */
async function listenEarly(id: string, title: string): Promise<Video> {
  const song = house.publish({ id, title, durationSeconds: 600 });
  await paste(page, addressOf(song));
  // The stand-in makes the ten minutes first, on a busy machine for half a minute.
  await page.getByRole('button', { name: `Listen: ${title}` }).click({ timeout: 120_000 });
  await hearing();
  return song;
}

test('a song is heard while it is still being made, and goes on into the finished file', async () => {
  const song = await listenEarly('preview0001', 'Heard early');
  expect((await sound()).src).toContain('/previews/');
  await player().getByText('10:00', { exact: true }).waitFor();
  await waitFor(page, song, 'Ready');
  const { currentTime, paused, src } = await sound();
  expect({ paused, src }).toEqual({ paused: false, src: expect.stringContaining('/previews/') });
  expect(currentTime).toBeGreaterThan(0.3);
  await player().getByRole('slider', { name: 'Position' }).fill('500');
  await eventually('the sound at 500 s, out of the file', async () => {
    const now = await sound();
    return now.src.includes('/files/') && !now.paused && now.currentTime > 500;
  });
}, 180_000);

test('download gives the MP3 under its name, with the sound of the video', async () => {
  const [song] = songs as [Video];
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: `Download: ${song.title}` }).click(),
  ]);
  const file = folder.file('taken.mp3');
  await download.saveAs(file);
  expect(download.suggestedFilename()).toMatch(/Third.*\.mp3$/);
  expect(await hearTones(file)).toEqual(tones(soundOf(song)));
});

/** No key of the system reaches a headless browser: what the page gave the browser for each is kept, to be called. */
function keepMediaKeys(): void {
  const mediaKeys = new Map<MediaSessionAction, MediaSessionActionHandler | null>();
  Object.assign(globalThis, { mediaKeys });
  const session = navigator.mediaSession;
  const give = session.setActionHandler.bind(session);
  session.setActionHandler = (action, handler) => {
    give(action, handler);
    mediaKeys.set(action, handler);
  };
}

/** As the browser calls the page when somebody presses that key. */
const pressKey = (action: MediaSessionAction, details: { seekTime?: number } = {}) =>
  page.evaluate(
    ([pressed, more]) => {
      type Kept = { mediaKeys: Map<MediaSessionAction, MediaSessionActionHandler | null> };
      const handler = (globalThis as unknown as Kept).mediaKeys.get(pressed);
      if (handler == null) throw new Error(`the page takes no key ${pressed}`);
      handler({ action: pressed, ...more });
    },
    [action, details] as const,
  );
