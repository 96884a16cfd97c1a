// Every way to ask for an MP3 from the page: pasted, typed, several at once, brought along in the address.
// No worker runs here: what becomes of the jobs is seen in progress.test.ts.

import { expect, test } from '@jest/globals';
import { addressOf, fieldOf, openHouse, paste, rowOf, waitFor } from '../../support/visit.ts';

const house = openHouse({ ROLES: 'api' });

test('a first visit shows one field, one example, and no list yet', async () => {
  const page = await house.visit();
  await page.getByRole('button', { name: 'Big Buck Bunny' }).waitFor();
  expect(await page.getByRole('textbox').count()).toBe(1);
  expect(await page.getByRole('heading', { name: 'Your tapes' }).count()).toBe(0);
  expect(await page.getByText('You may close this tab meanwhile.').count()).toBe(1);
});

test('a link pasted with text around it starts at once, and the field is free again', async () => {
  const song = house.publish({ id: 'paste000001' });
  const page = await house.visit();
  await paste(page, `Listen to this (${addressOf(song)}), it is great!`);
  const row = await waitFor(page, song, 'Waiting');
  await row.getByText('next in line').waitFor();
  expect(await fieldOf(page).inputValue()).toBe('');
});

test('the paste button reads the clipboard and starts', async () => {
  const song = house.publish({ id: 'paste000002' });
  const page = await house.visit();
  await page.evaluate((text) => navigator.clipboard.writeText(text), addressOf(song));
  await page.getByRole('button', { name: 'Paste', exact: true }).click();
  await rowOf(page, song).waitFor();
});

test('a link pasted anywhere on any page starts as well', async () => {
  const song = house.publish({ id: 'paste000003' });
  const page = await house.visit({ path: '/queue' });
  await page.evaluate((text) => navigator.clipboard.writeText(text), addressOf(song));
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('ControlOrMeta+V');
  await rowOf(page, song).waitFor();
  expect(new URL(page.url()).pathname).toBe('/');
});

test('Enter starts a typed link', async () => {
  const song = house.publish({ id: 'typed000001' });
  const page = await house.visit();
  await fieldOf(page).pressSequentially(`youtu.be/${song.id}`);
  await page.keyboard.press('Enter');
  await rowOf(page, song).waitFor();
});

test('several links, one a line, make a row each', async () => {
  const songs = ['A', 'B', 'C'].map((name) => house.publish({ id: `several000${name}` }));
  const page = await house.visit();
  await paste(page, songs.map(addressOf).join('\n'));
  for (const song of songs) await rowOf(page, song).waitFor();
  expect(await page.getByRole('listitem', { name: /several000/ }).count()).toBe(3);
  expect(await fieldOf(page).inputValue()).toBe('');
});

test('an address with ?url= starts without a click, and a reload does not ask again', async () => {
  const song = house.publish({ id: 'address0001' });
  const page = await house.visit({ path: `/?url=${encodeURIComponent(addressOf(song))}` });
  await rowOf(page, song).waitFor();
  expect(new URL(page.url()).search).toBe('');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.postData() ?? ''));
  await page.reload();
  await rowOf(page, song).waitFor();
  await page.getByRole('status', { name: 'Connection' }).getByText('Live').waitFor();
  expect(asked.filter((body) => body.includes('mutation'))).toEqual([]);
});

test("Android's share target, with the link inside the text, starts too", async () => {
  const song = house.publish({ id: 'shared00001' });
  const text = encodeURIComponent(`A song ${addressOf(song)}`);
  const page = await house.visit({ path: `/?title=A%20song&text=${text}` });
  await rowOf(page, song).waitFor();
});

test('quality and cover are chosen once, remembered over a reload, and asked for', async () => {
  const song = house.publish({ id: 'options0001' });
  const page = await house.visit();
  await page.getByRole('button', { name: 'More options' }).click();
  await page.getByRole('radio', { name: /^Small/ }).press('Space');
  await page.getByRole('checkbox', { name: /picture of the video/ }).uncheck();
  await page.reload();
  // In sight while the rest is folded, since both differ from what is usual.
  await page.getByRole('button', { name: 'More options (without cover)' }).waitFor();
  expect(await page.getByRole('radio', { name: /^Small/ }).isChecked()).toBe(true);
  await paste(page, addressOf(song));
  const row = await waitFor(page, song, 'Waiting');
  await row.getByRole('button', { name: /^Details/ }).click();
  await row.getByText('128 kbit/s, without cover', { exact: true }).waitFor();
});

test("the bookmarklet is this server's own, and sends the video that one is looking at", async () => {
  const song = house.publish({ id: 'bookmark001' });
  const page = await house.visit();
  const link = page.getByRole('link', { name: 'To Tapedeck' });
  const code = (await link.getAttribute('href')) ?? '';
  expect(code).toContain(house.url);
  await page.getByRole('button', { name: 'Copy the bookmarklet' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(code);
  // Clicked here it would send this page itself: it says how it is meant instead.
  await link.click();
  await page.getByRole('log').getByText('Drag this to your bookmarks bar').waitFor();

  const elsewhere = await page.context().newPage();
  await elsewhere.route('https://www.youtube.com/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<h1>A video</h1>' }),
  );
  await elsewhere.goto(`${addressOf(song)}&list=PL0001&index=2`);
  const [opened] = await Promise.all([
    page.context().waitForEvent('page'),
    elsewhere.evaluate(code.replace(/^javascript:/, '')),
  ]);
  await rowOf(opened, song).waitFor();
  await rowOf(page, song).waitFor();
});

test('a video asked for twice is shown once, on top, and said to be there', async () => {
  const first = house.publish({ id: 'twice000001' });
  const second = house.publish({ id: 'twice000002' });
  const page = await house.visit();
  for (const song of [first, second]) {
    await paste(page, addressOf(song));
    await rowOf(page, song).waitFor();
  }
  await paste(page, addressOf(first));
  await page.getByText(/is being converted already/).waitFor();
  const titles = await page.getByRole('listitem', { name: /twice00000/ }).allTextContents();
  expect(titles.map((text) => /twice00000\d/.exec(text)?.[0])).toEqual([first.id, second.id]);
});
