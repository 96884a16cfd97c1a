// A site that means harm: with titles that would be paths, commands or markup, and with redirects into the
// private network. The text arrives as text everywhere, and nobody private is ever spoken to.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import contentDisposition from 'content-disposition';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { awaitEnd, history, requestMp3 } from '../support/caller.ts';
import type { SeenJob } from '../support/caller.ts';
import { createTestDatabase } from '../support/database.ts';
import { expectNothingDisclosed } from '../support/disclosure.ts';
import { openFolder } from '../support/folder.ts';
import type { Folder } from '../support/folder.ts';
import { ask, send } from '../support/graphql.ts';
import { startMediaServer } from '../support/mediaServer.ts';
import { readMp3 } from '../support/mp3.ts';
import { startTapedeck } from '../support/tapedeck.ts';
import type { Tapedeck } from '../support/tapedeck.ts';
import { startYouTube } from '../support/youtube/server.ts';
import type { YouTube } from '../support/youtube/server.ts';
import { video } from '../support/youtube/video.ts';
import type { Video } from '../support/youtube/video.ts';

const stack = new AsyncDisposableStack();
let folder: Folder;
let youtube: YouTube;
/** One with the default of ALLOWED_HOSTS, and one that is open to every public site. */
let tapedeck: Tapedeck;
let open: Tapedeck;

const start = (dataFolder: string, settings: Readonly<Record<string, string>> = {}) =>
  startTapedeck({ dataFolder, settings: { ...youtube.environment, ...settings } });

beforeAll(async () => {
  folder = stack.use(await openFolder());
  youtube = stack.use(await startYouTube());
  tapedeck = stack.use(await start(folder.file('data')));
  const database = stack.use(await createTestDatabase());
  open = stack.use(
    await start(folder.file('open'), { ALLOWED_HOSTS: '*', DATABASE_URL: database.url }),
  );
});
afterAll(() => stack.disposeAsync());

describe('a title', () => {
  const uploader = 'A/B "C"';
  /** What the site says; as people read it; the name it is saved under, behind the uploader's. */
  const titles: Readonly<Record<string, readonly [site: string, read: string, saved: string]>> = {
    'with quotes': [`It's "it"; \\"so\\"`, `It's "it"; \\"so\\"`, `It's 'it'; -'so-'`],
    'of several lines': ['One\nTwo\r\n\tThree', 'One Two Three', 'One Two Three'],
    'with control characters': ['a\u0000b\u001b[31mc\u0007', 'ab[31mc', 'ab[31mc'],
    'of emoji': ['👩‍👩‍👧‍👦 🏳️‍🌈 é', '👩‍👩‍👧‍👦 🏳️‍🌈 é', '👩‍👩‍👧‍👦 🏳️‍🌈 é'],
    'that turns the writing round': ['cod\u202e3pm.exe', 'cod\u202e3pm.exe', 'cod3pm.exe'],
    'that is a path': ['../../boot/image', '../../boot/image', 'boot-image'],
    'of 300 Chinese characters': ['漢'.repeat(300), '漢'.repeat(300), '漢'.repeat(74)],
    'of markup': [
      '<script>alert(1)</script>&amp;',
      '<script>alert(1)</script>&amp;',
      'scriptalert(1)-script&amp;',
    ],
    'of commands': [
      '$(touch pwned) `id` %(id)s --exec=x',
      '$(touch pwned) `id` %(id)s --exec=x',
      '$(touch pwned) `id` %(id)s --exec=x',
    ],
    'with half a character': ['half \ud83d of it', 'half \ufffd of it', 'half of it'],
  };
  const cases = Object.entries(titles).map(([what, [site, read, saved]], index) => {
    return { what, id: `hostile-${String(index).padStart(3, '0')}`, site, read, saved };
  });
  const jobs = new Map<string, Promise<SeenJob>>();

  beforeAll(async () => {
    for (const { id, site } of cases) {
      youtube.add(video({ id, title: site, uploader, durationSeconds: 3 }));
      const { job } = await requestMp3(tapedeck.url, `https://youtu.be/${id}`);
      const ended = awaitEnd(tapedeck.url, job.id);
      ended.catch(() => {});
      jobs.set(id, ended);
    }
  });

  test.each(cases)('$what is harmless text', async ({ id, read, saved }) => {
    const job = await jobs.get(id);
    expect(job).toMatchObject({ status: 'SUCCEEDED', source: { title: read, uploader } });
    const name = `A-B 'C' - ${saved}.mp3`;
    expect(job?.result?.fileName).toBe(name);

    const response = await fetch(tapedeck.url + job?.result?.url);
    const header = response.headers.get('content-disposition') ?? '';
    expect(contentDisposition.parse(header)).toMatchObject({
      type: 'attachment',
      parameters: { filename: name },
    });
    // As a browser does; a name that is a path or too long would not pass.
    const path = folder.file(name);
    await writeFile(path, Buffer.from(await response.arrayBuffer()));
    expect((await readMp3(path)).tags).toMatchObject({ title: read, artist: uploader });
  });

  test('leaves no trace in the file system', async () => {
    await Promise.all(jobs.values());
    expect(await readdir(folder.file('data/work'))).toEqual([]);
    const store = await readdir(folder.file('data/store'), { recursive: true });
    const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
    const ours = new RegExp(`^[0-9a-f]{2}(?:/${uuid}\\.1\\.mp3)?$`);
    expect(store.filter((name) => !ours.test(name))).toEqual([]);
    expect(store.filter((name) => name.endsWith('.mp3'))).toHaveLength(cases.length);
  });
});

describe('a redirect into the private network', () => {
  /** What came to the private neighbour, which listens on every address of this machine. */
  const visits: string[] = [];
  let port: number;

  /** An address of this machine on a network; the loopback's where it is on none. */
  const ownAddress = () =>
    Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';

  /** All the other spellings of such an address are judged in test/unit/domain/url.test.ts. */
  const targets: Readonly<Record<string, () => string>> = {
    'to the loopback': () => `127.0.0.1:${port}`,
    'to the loopback by name': () => `localhost:${port}`,
    'to an address of this machine': () => `${ownAddress()}:${port}`,
    'to a cloud’s metadata': () => '169.254.169.254',
  };
  const decks = { 'by default': () => tapedeck, 'with ALLOWED_HOSTS=*': () => open };
  const cases = Object.keys(decks).flatMap((how) =>
    Object.keys(targets).map((where) => ({ how, where })),
  );
  const jobs = new Map<string, Promise<SeenJob>>();

  beforeAll(async () => {
    const neighbour = createServer((socket) => {
      socket.on('data', (data) => visits.push(data.toString()));
      socket.on('error', () => {});
      socket.end('HTTP/1.1 200 OK\r\ncontent-type: audio/mp4\r\n\r\na secret');
    });
    neighbour.listen(0, '0.0.0.0');
    await once(neighbour, 'listening');
    stack.use(neighbour);
    ({ port } = neighbour.address() as AddressInfo);
    const videos = Object.values(targets).map((target, index) =>
      video({
        id: `redirected${index}`,
        durationSeconds: 2,
        media: { kind: 'redirect', to: `http://${target()}/` },
      }),
    );
    for (const [how, deck] of Object.entries(decks)) {
      for (const [index, where] of Object.keys(targets).entries()) {
        const moved = videos[index] as Video;
        youtube.add(moved);
        const { job } = await requestMp3(deck().url, `https://youtu.be/${moved.id}`);
        const ended = awaitEnd(deck().url, job.id);
        ended.catch(() => {});
        jobs.set(`${where} ${how}`, ended);
      }
    }
  });

  test.each(cases)('$where is refused $how', async ({ how, where }) => {
    expect(await jobs.get(`${where} ${how}`)).toMatchObject({
      ...{ status: 'FAILED', attempt: 1, failure: { code: 'UNSUPPORTED_SITE' } },
    });
  });

  test('is refused from a private host that was allowed, too', async () => {
    await using media = await startMediaServer();
    await using database = await createTestDatabase();
    await using deck = await start(folder.file('allowed'), {
      ALLOWED_HOSTS: media.host,
      DATABASE_URL: database.url,
    });
    const { job } = await requestMp3(deck.url, media.url('redirect'));
    expect(await awaitEnd(deck.url, job.id)).toMatchObject({
      ...{ status: 'FAILED', attempt: 1, failure: { code: 'UNSUPPORTED_SITE' } },
    });
    expect(media.requests('redirect')).toBeGreaterThan(0);
    expect(media.privateRequests()).toBe(0);
  });

  test.each(Object.entries(decks))(
    'is not even needed: the link is refused %s',
    async (_, deck) => {
      const { requestMp3: answer } = await ask(
        deck().url,
        `mutation ($url: String!) { requestMp3(url: $url) { job { id } userErrors { code } } }`,
        { url: `http://127.0.0.1:${port}/song.m4a` },
      );
      expect(answer).toEqual({ job: null, userErrors: [{ code: 'URL_HOST_NOT_ALLOWED' }] });
    },
  );

  test('never comes to the neighbour, nor to a proxy that would have gone there', async () => {
    await Promise.allSettled(jobs.values());
    expect({ visits, refusedHosts: youtube.refusedHosts }).toEqual({
      visits: [],
      refusedHosts: [],
    });
  });
});

test('after all that, no answer holds a path, a command, or a host of ours', async () => {
  const answers = [
    await history(tapedeck.url),
    await history(open.url),
    await send(tapedeck.url, '{ jobs { nodes { path command } } }'),
    await send(tapedeck.url, '{ job(id: "../../etc/passwd") { id } }'),
    await send(
      tapedeck.url,
      'mutation { requestMp3(url: "file:///etc/passwd") { userErrors { message } } }',
    ),
    await send(
      tapedeck.url,
      'mutation { requestMp3(url: "--exec=id") { userErrors { message } } }',
    ),
    await send(tapedeck.url, '{'),
  ];
  expectNothingDisclosed(JSON.stringify(answers), {
    config: { databaseUrl: null },
    dataFolder: folder.path,
  });
});
