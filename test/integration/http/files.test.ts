// The MP3s over HTTP: whole, in part, only when changed, under any title, and no more when they are gone.
// Semantics: RFC 9110, sections 13 and 14; RFC 6266 for the name.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { expireLostArtifact } from '../../../src/db/upkeep.ts';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { expectNothingDisclosed } from '../../support/disclosure.ts';
import { eventually } from '../../support/eventually.ts';
import { ask } from '../../support/graphql.ts';
import { expireJob, succeedJob } from '../../support/jobStates.ts';
import { sendRaw } from '../../support/rawHttp.ts';

type Song = Awaited<ReturnType<typeof succeedJob>> & { readonly url: string };

const size = 100_000;
const content = randomBytes(size);
let app: TestApp;
let song: Song;
beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
  song = await makeSong({ title: 'Blue Monday', uploader: 'New Order' });
});
afterAll(() => app[Symbol.asyncDispose]());

async function makeSong(metadata: { title?: string; uploader?: string }, bytes = content) {
  const job = await succeedJob(app, { metadata, content: bytes });
  const answer = await ask(app.url, `query ($id: ID!) { job(id: $id) { result { url } } }`, job);
  return { ...job, url: answer.job.result.url as string };
}

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  sendRaw(app.url, path, { headers, method });

/** All that tells about the file itself. */
const description = () => ({
  'content-type': 'audio/mpeg',
  'content-disposition': 'attachment; filename="New Order - Blue Monday.mp3"',
  'accept-ranges': 'bytes',
  etag: `"${song.sha256}"`,
  'last-modified': expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/),
  'cache-control': expect.stringContaining('private'),
  'x-content-type-options': 'nosniff',
});

describe('the whole file', () => {
  test('comes with its length, a strong ETag that is its SHA-256, and a name', async () => {
    const { status, headers, body } = await get(song.url);
    expect(status).toBe(200);
    expect(headers).toMatchObject({ ...description(), 'content-length': `${size}` });
    expect(body.equals(content)).toBe(true);
  });

  test('HEAD tells the same and sends nothing', async () => {
    const { status, headers, body } = await get(song.url, {}, 'HEAD');
    expect({ status, body: body.length }).toEqual({ status: 200, body: 0 });
    expect(headers).toMatchObject({ ...description(), 'content-length': `${size}` });
  });

  test('the name in the address is for people: any other is served alike', async () => {
    for (const name of [
      'x.mp3',
      'x',
      '%2e%2e',
      '-',
      encodeURIComponent('歌.mp3'),
      'n'.repeat(2_000),
    ]) {
      const { status, body } = await get(`/files/${song.token}/${name}`);
      expect({ name, status, length: body.length }).toEqual({ name, status: 200, length: size });
    }
  });

  test('any other method is refused', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const { status } = await get(song.url, {}, method);
      expect([404, 405]).toContain(status);
    }
    expect((await get(song.url)).status).toBe(200);
  });
});

describe('parts', () => {
  test.each([
    ['the beginning', 'bytes=0-99', 0, 99],
    ['one byte', 'bytes=0-0', 0, 0],
    ['the middle', 'bytes=50000-50999', 50_000, 50_999],
    ['from somewhere on', 'bytes=99000-', 99_000, size - 1],
    ['the last byte', `bytes=${size - 1}-`, size - 1, size - 1],
    ['the end', 'bytes=-500', size - 500, size - 1],
    ['more than there is, from somewhere on', 'bytes=99000-999999999', 99_000, size - 1],
    ['everything, as players ask first', 'bytes=0-', 0, size - 1],
    ['two that touch', 'bytes=0-9,10-19', 0, 19],
  ])('%s: %s', async (_, range, start, end) => {
    const { status, headers, body } = await get(song.url, { range });
    expect(status).toBe(206);
    expect(headers).toMatchObject({
      ...description(),
      'content-range': `bytes ${start}-${end}/${size}`,
      'content-length': `${end - start + 1}`,
    });
    expect(body.equals(content.subarray(start, end + 1))).toBe(true);
  });

  test.each([
    `bytes=${size}-`,
    `bytes=${size}-${size + 5}`,
    'bytes=-0',
    'bytes=999999999999999999-',
  ])('beyond the end is 416 and tells the size: %s', async (range) => {
    const { status, headers, body } = await get(song.url, { range });
    expect({ status, text: body.toString() }).toEqual({
      ...{ status: 416, text: 'The file is shorter than the range that was asked for.\n' },
    });
    expect(headers).toMatchObject({
      'content-range': `bytes */${size}`,
      'content-type': 'text/plain; charset=utf-8',
    });
    expect(headers).not.toHaveProperty('content-disposition');
  });

  test.each([
    ['several ranges', 'bytes=0-9,50-59'],
    [
      'a thousand ranges',
      `bytes=${Array.from({ length: 1_000 }, (_, n) => `${n * 20}-${n * 20 + 5}`).join(',')}`,
    ],
    ['another unit', 'seconds=0-9'],
    ['letters', 'bytes=a-z'],
    ['nothing', 'bytes='],
    ['a negative', 'bytes=--5'],
    ['no unit', '0-9'],
  ])('%s: the whole file', async (_, range) => {
    const { status, headers, body } = await get(song.url, { range });
    expect({ status, length: body.length }).toEqual({ status: 200, length: size });
    expect(headers).not.toHaveProperty('content-range');
  });

  test('turned around they are nothing that can be sent', async () => {
    expect((await get(song.url, { range: 'bytes=9-0' })).status).toBe(416);
  });

  test('HEAD knows no parts', async () => {
    const { status, headers } = await get(song.url, { range: 'bytes=0-9' }, 'HEAD');
    expect({ status, length: headers['content-length'] }).toEqual({
      status: 200,
      length: `${size}`,
    });
  });
});

describe('conditions', () => {
  test.each([
    ['the ETag', () => `"${song.sha256}"`],
    ['the ETag as a weak one', () => `W/"${song.sha256}"`],
    ['the ETag among others', () => `"other", "${song.sha256}" , "third"`],
    ['any', () => '*'],
  ])('If-None-Match with %s: 304 without a body', async (_, makeTag) => {
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, body } = await get(song.url, { 'if-none-match': makeTag() }, method);
      expect({ status, body: body.length }).toEqual({ status: 304, body: 0 });
      expect(headers).toMatchObject({
        ...{ etag: `"${song.sha256}"`, 'cache-control': expect.stringContaining('private') },
      });
    }
  });

  test('If-None-Match with another ETag: the file, whatever the date says', async () => {
    const later = new Date(Date.now() + 3_600_000).toUTCString();
    const headers = { 'if-none-match': '"other"', 'if-modified-since': later };
    expect((await get(song.url, headers)).status).toBe(200);
  });

  test('If-Modified-Since: 304 from that very second on, the file before it', async () => {
    const { headers } = await get(song.url);
    const modified = headers['last-modified']!;
    const since = async (date: string) =>
      (await get(song.url, { 'if-modified-since': date })).status;
    expect(await since(modified)).toBe(304);
    expect(await since(new Date(Date.parse(modified) + 60_000).toUTCString())).toBe(304);
    expect(await since(new Date(Date.parse(modified) - 1_000).toUTCString())).toBe(200);
    expect(await since('yesterday')).toBe(200);
  });

  test('a condition that spares the file spares its parts', async () => {
    const headers = { 'if-none-match': `"${song.sha256}"`, range: 'bytes=0-9' };
    expect((await get(song.url, headers)).status).toBe(304);
  });

  test('If-Range with the ETag or the date: the part; with any other: the whole file', async () => {
    const modified = (await get(song.url)).headers['last-modified']!;
    const ranged = async (validator: string) =>
      (await get(song.url, { range: 'bytes=0-9', 'if-range': validator })).status;
    expect(await ranged(`"${song.sha256}"`)).toBe(206);
    expect(await ranged(modified)).toBe(206);
    expect(await ranged('"other"')).toBe(200);
    // A weak validator proves nothing about bytes.
    expect(await ranged(`W/"${song.sha256}"`)).toBe(200);
    expect(await ranged(new Date(0).toUTCString())).toBe(200);
  });

  test('a download that broke is taken up again and fits together', async () => {
    const { hostname, port } = new URL(app.url);
    const first = request({ hostname, port, path: song.url, agent: false }).end();
    const [response] = await once(first, 'response');
    const etag: string = response.headers.etag;
    const [head] = (await once(response, 'data')) as [Buffer];
    first.destroy();
    const { status, body } = await get(song.url, {
      range: `bytes=${head.length}-`,
      'if-range': etag,
    });
    expect(status).toBe(206);
    expect(Buffer.concat([head, body]).equals(content)).toBe(true);
  });
});

describe('names', () => {
  /** What RFC 6266 says a client reads: the plain name, and the one in UTF-8, which wins. */
  async function namesOf({ url }: Song): Promise<{ plain: string; utf8: string | undefined }> {
    const { headers, status } = await get(url);
    expect(status).toBe(200);
    const header = headers['content-disposition'] ?? '';
    const plain = /^attachment; filename="((?:[^"\\]|\\.)*)"(?:; |$)/.exec(header)?.[1];
    expect(header).toMatch(/^[\x20-\x7e]+$/);
    const encoded = /filename\*=UTF-8''([^;]+)$/.exec(header)?.[1];
    return { plain: plain ?? '', utf8: encoded && decodeURIComponent(encoded) };
  }

  test.each([
    ['plain', 'Hello', 'Adele', 'Adele - Hello.mp3', undefined],
    ['accents', 'Déjà Vu', 'Beyoncé', 'Beyonce - Deja Vu.mp3', 'Beyoncé - Déjà Vu.mp3'],
    ['Cyrillic', 'Группа крови', 'Кино', expect.any(String), 'Кино - Группа крови.mp3'],
    ['Japanese', '夜に駆ける', 'YOASOBI', expect.any(String), 'YOASOBI - 夜に駆ける.mp3'],
    ['emoji', '🎵 Song 👩‍👩‍👧', 'X', expect.any(String), 'X - 🎵 Song 👩‍👩‍👧.mp3'],
    ['quotes', 'Say "Hi" \\ now', "O'Neil", "O'Neil - Say 'Hi' - now.mp3", undefined],
    ['header injection', 'a\r\nSet-Cookie: x=1\r\n\r\n<html>', 'b', expect.any(String), undefined],
    ['a path', '../../../etc/passwd', 'C:\\Windows', expect.any(String), undefined],
    [
      'a percent sign',
      '100% Pure %2e%2e',
      'Love',
      'Love - 100% Pure %2e%2e.mp3',
      'Love - 100% Pure %2e%2e.mp3',
    ],
    ['a semicolon', 'a; filename="evil.exe"', 'b', expect.any(String), undefined],
    ['right to left', '\u202egpj.exe\u202c', 'b', 'b - gpj.exe.mp3', undefined],
  ])('%s', async (_, title, uploader, plain, utf8) => {
    const made = await makeSong({ title, uploader });
    const names = await namesOf(made);
    expect(names).toEqual({ plain, utf8 });
    for (const name of [names.plain, names.utf8 ?? '']) {
      expect(name).not.toMatch(/[\r\n\0/\\:\u202a-\u202e\u2066-\u2069]|^\./);
    }
    const { fileName } = (
      await ask(app.url, `query ($id: ID!) { job(id: $id) { result { fileName } } }`, made)
    ).job.result;
    expect(names.utf8 ?? names.plain).toBe(fileName);
  });

  test.each([
    ['Latin', 'x'.repeat(1_000)],
    ['Japanese', '夜'.repeat(1_000)],
    ['families', '👨‍👩‍👧‍👦'.repeat(200)],
    ['accents in pieces', 'e\u0301'.repeat(1_000)],
  ])('the longest title is served under its own address: %s', async (_, title) => {
    const long = await makeSong({ title, uploader: title });
    const { status, body } = await get(long.url);
    expect({ status, length: body.length }).toEqual({ status: 200, length: size });
    const names = await namesOf(long);
    expect(Buffer.byteLength(names.utf8 ?? names.plain)).toBeLessThanOrEqual(255);
  });

  test('a video that nobody named is called by its id', async () => {
    const nameless = await makeSong({});
    const stem = nameless.videoId.replace(/^[-.]+|[-.]+$/g, '');
    expect((await namesOf(nameless)).plain).toBe(`${stem}.mp3`);
  });
});

describe('what is not there', () => {
  const notThere = { status: 404, text: 'There is no such file; check the link.\n' };
  const gone = {
    status: 410,
    text: 'The file has expired and was removed; convert the video again.\n',
  };
  async function read(path: string, method?: string) {
    const { status, headers, body } = await get(path, {}, method);
    expectNothingDisclosed(body.toString(), app);
    expect(headers).toMatchObject({
      ...{ 'cache-control': 'no-store', 'content-type': 'text/plain; charset=utf-8' },
    });
    expect(headers).not.toHaveProperty('etag');
    return { status, text: body.toString() };
  }

  test('an unknown token is 404', async () => {
    for (const token of [
      'x',
      'x'.repeat(22),
      song.token.slice(1),
      song.token.toLowerCase(),
      `${song.token}=`,
    ]) {
      if (token !== song.token) expect(await read(`/files/${token}/a.mp3`)).toEqual(notThere);
    }
    expect(await read(`/files/${song.jobId}/a.mp3`)).toEqual(notThere);
  });

  test.each([
    '/files/..%2f..%2fetc%2fpasswd/a.mp3',
    '/files/%2e%2e/%2e%2e/etc/passwd',
    '/files/../../etc/passwd',
    '/files//etc/passwd',
    '/files/\\..\\..\\etc\\passwd/a.mp3',
    '/files/%5c..%5c/a.mp3',
    '/files/%00/a.mp3',
    '/files/%ff%fe/a.mp3',
    '/files/%/a.mp3',
    "/files/'%20or%20'1'='1/a.mp3",
    '/files/',
    '/files',
    '//files/x/a.mp3',
    `/files/${'x'.repeat(5_000)}/a.mp3`,
  ])('path %# leads nowhere', async (path) => {
    const { status, body } = await get(path);
    expectNothingDisclosed(body.toString().replaceAll(path, ''), app);
    expect([400, 404, 414]).toContain(status);
  });

  test('an expired file is 410, and stays so for whoever has the old address', async () => {
    const { token } = await expireJob(app);
    for (const name of ['a.mp3', 'b']) expect(await read(`/files/${token}/${name}`)).toEqual(gone);
    expect((await read(`/files/${token}/a.mp3`, 'HEAD')).status).toBe(410);
  });

  test('a file that has expired is 410 even before it is swept away', async () => {
    const { url, ...job } = await makeSong({});
    await expireLostArtifact(app.app.pool, job);
    expect(await app.app.storage.hasArtifact(job)).toBe(true);
    expect(await read(url)).toEqual(gone);
  });

  test('a file that vanished is 410, with any condition or range', async () => {
    const lost = await makeSong({});
    await app.app.storage.removeArtifact(lost);
    expect(await read(lost.url)).toEqual(gone);
    const conditions = [
      { range: 'bytes=0-9' },
      { 'if-none-match': '*' },
      { range: 'bytes=999999999-' },
    ];
    for (const headers of conditions) expect((await get(lost.url, headers)).status).toBe(410);
  });

  test('a deleted job’s file is 404: nothing remembers it', async () => {
    const { id, url } = await makeSong({});
    await ask(app.url, `mutation ($id: ID!) { deleteJob(id: $id) { deletedJobId } }`, { id });
    expect(await read(url)).toEqual(notThere);
  });
});

describe('readers who leave', () => {
  /** The files of the store that this process holds open. */
  function openFiles(): string[] {
    return readdirSync('/proc/self/fd').flatMap((descriptor) => {
      try {
        const path = readlinkSync(`/proc/self/fd/${descriptor}`);
        return path.startsWith(app.dataFolder) ? [path] : [];
      } catch {
        return [];
      }
    });
  }

  test('midway leave no open file', async () => {
    const big = await makeSong({ title: 'Long' }, Buffer.alloc(20_000_000, 'x'));
    const { hostname, port } = new URL(app.url);
    const readers = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const socket = connect(Number(port), hostname);
        const range = index % 2 === 0 ? '' : 'Range: bytes=1000-\r\n';
        socket.write(`GET ${big.url} HTTP/1.1\r\nHost: localhost\r\n${range}\r\n`);
        await once(socket, 'readable');
        return socket;
      }),
    );
    expect(openFiles().length).toBeGreaterThan(0);
    for (const [index, socket] of readers.entries()) {
      if (index % 3 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    await eventually('no file to be open', () => openFiles().length === 0 || openFiles());
    await eventually('no file to be open', () => openFiles().length === 0);
  });

  test('or read to the end, or ask for nothing, leave none either', async () => {
    for (const headers of [
      {},
      { range: 'bytes=0-9' },
      { range: 'bytes=999999999-' },
      { 'if-none-match': '*' },
    ]) {
      await get(song.url, headers);
    }
    for (let times = 0; times < 20; times += 1) await get(song.url, {}, 'HEAD');
    await eventually('no file to be open', () => openFiles().length === 0);
  });
});
