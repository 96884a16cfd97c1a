// A server that sets limits: links of MP3s that run out are made anew without a word, and who asks too often is
// told beside the field when to ask again.

import { expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { addressOf, convert, fieldOf, openHouse, paste, rowOf } from '../../support/visit.ts';

const house = openHouse({ ACCESS: 'sessions', REQUESTS_PER_MINUTE: '3' });

test('a link that has run out while the page stood open is replaced, and the tape plays', async () => {
  const song = house.publish({
    id: 'expired0001',
    title: 'Outlived its link',
    durationSeconds: 30,
  });
  const page = await house.visit({ provoked: /^404: \S+\/files\/|^console error: .* 404/ });
  await convert(page, song);
  // What the page holds after a night: a link that the server does not take any more.
  let isOld = true;
  await page.route('**/graphql', async (route) => {
    const response = await route.fetch();
    const text = await response.text();
    const signed = /expires=\d+&signature=/gu;
    await route.fulfill({
      response,
      body: isOld ? text.replaceAll(signed, 'expires=1600000000&signature=') : text,
    });
  });
  await page.reload();
  const play = page.getByRole('button', { name: 'Play: Outlived its link' });
  await play.waitFor();
  isOld = false;
  await play.click();
  await eventually('the sound to go on', async () =>
    page.locator('audio').evaluate((element) => (element as HTMLAudioElement).currentTime > 0.3),
  );
  const link = page.getByRole('link', { name: 'Download: Outlived its link' }).first();
  expect(await link.getAttribute('href')).not.toContain('expires=1600000000');
});

test('who asks too often is told beside the field when to ask again, and the link stays', async () => {
  const songs = ['A', 'B', 'C', 'D'].map((name) => house.publish({ id: `toooften00${name}` }));
  const page = await house.visit();
  for (const song of songs.slice(0, 3)) {
    await paste(page, addressOf(song));
    await rowOf(page, song).waitFor();
  }
  // On a slow machine the allowance grows faster than links are pasted.
  await house.app.database.pool.query(
    `update tapedeck.buckets set points = -20, filled_at = now() + interval '1 day'
     where subject like 'owner %'`,
  );
  const last = addressOf(songs[3] ?? { id: '' });
  await paste(page, last);
  await page
    .getByRole('alert')
    .getByText(/Try again in \d+ s\./)
    .waitFor();
  expect(await fieldOf(page).inputValue()).toBe(last);
  expect(await fieldOf(page).getAttribute('aria-invalid')).toBe('true');
});
