// The server is stopped, or killed, in the middle of a conversion that a page shows, and comes back.

import { expect, test } from '@jest/globals';
import { createTestDatabase } from '../../support/database.ts';
import { history } from '../../support/caller.ts';
import { openFolder } from '../../support/folder.ts';
import { startTapedeck } from '../../support/tapedeck.ts';
import { addressOf, openHouse, paste, waitFor } from '../../support/visit.ts';

const house = openHouse({ ROLES: 'api' });

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'after %s in the middle of a conversion the page finds back and shows it to its end',
  async (signal) => {
    const song = house.publish({ id: `again0${signal.slice(3, 7)}0`, title: `Goes on: ${signal}` });
    song.hold();
    await using database = await createTestDatabase();
    await using folder = await openFolder();
    const settings = { ...house.youtube.environment, DATABASE_URL: database.url };
    const first = await startTapedeck({ dataFolder: folder.path, settings });
    const { url } = first;
    // A stopping server answers 503 to what is asked on connections that are still open.
    const provoked = /^failed: |^console error: |^503: \S+\/graphql$/;
    const page = await house.visit({ url, provoked });
    const sign = page.getByRole('status', { name: 'Connection' });
    await paste(page, addressOf(song));
    await song.whenHeld();
    await waitFor(page, song, 'Downloading');

    await first.stop(signal);
    await sign.getByText('Offline', { exact: true }).waitFor();
    await page.getByText('The server cannot be reached').waitFor();
    song.release();
    await using second = await startTapedeck({
      dataFolder: folder.path,
      settings: { ...settings, PORT: new URL(url).port },
    });
    await sign.getByText('Live', { exact: true }).waitFor();
    await waitFor(page, song, 'Ready');
    const jobs = await history(second.url);
    expect(jobs.map(({ status }) => status)).toEqual(['SUCCEEDED']);
    expect(await page.getByRole('heading', { name: 'Your tapes 1' }).count()).toBe(1);
    // Away from the server before it goes: its sockets would be told as faults.
    await page.goto('about:blank');
  },
);
