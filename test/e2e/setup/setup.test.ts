import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { eventually } from '../../support/eventually.ts';
import { lock, openCheckout } from '../../support/checkout.ts';
import type { Checkout } from '../../support/checkout.ts';

let checkout: Checkout;

beforeEach(async () => {
  checkout = await openCheckout();
});
afterEach(async () => {
  await checkout[Symbol.asyncDispose]();
});

/** Runs set-up to a good end; answers what it wrote, without the seconds. */
async function setUp(...parameters: Parameters<Checkout['setUp']>): Promise<string> {
  const { exitCode, output } = await checkout.setUp(...parameters).ended;
  expect({ exitCode, output }).toEqual({ exitCode: 0, output });
  return output.replaceAll(/ \d+ s$/gm, '');
}

/** What was asked for since `before`, by its first word. */
async function askedSince(before: string[]): Promise<string[]> {
  return (await checkout.askedFor()).slice(before.length).map((line) => line.split(' ')[0] ?? '');
}

const mayUseApt = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
const describeAsRoot = mayUseApt ? describe : describe.skip;

describe('set-up', () => {
  test('does everything in a fresh clone, one line a step, and nothing the second time', async () => {
    expect(await setUp()).toBe(
      [
        'Installing packages…',
        'Fetching Node 24.0.0…',
        'Fetching the newest yt-dlp…',
        'The newest yt-dlp cannot be had from GitHub today; any other one will do.',
        'Building the pages…',
        '',
      ].join('\n'),
    );
    const first = await checkout.askedFor();
    expect(first.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(
      expect.arrayContaining(['npm ci', 'npm rebuild', 'GitHub', 'vite']),
    );
    expect(await setUp()).toBe('');
    expect(await askedSince(first)).toEqual([]);
  });

  test('installs again when the lock file has changed, and only then', async () => {
    await setUp();
    const before = await checkout.askedFor();
    await lock(checkout, '1.0.1');
    expect(await setUp()).toContain('Installing packages…');
    expect(await askedSince(before)).toContain('npm');
  });

  test('builds the pages again when one of its sources has changed', async () => {
    await setUp();
    await writeFile(checkout.file('web/page/main.tsx'), 'changed');
    expect(await setUp()).toBe('Building the pages…\n');
  });

  test('asks GitHub again for yt-dlp only on another day', async () => {
    await setUp();
    const before = await checkout.askedFor();
    await rm(checkout.file('.cache/tools.json'));
    await setUp();
    expect(await askedSince(before)).not.toContain('GitHub');
    await writeFile(
      checkout.file('.cache/yt-dlp-fetch-failed'),
      String(Date.now() - 25 * 3600_000),
    );
    await rm(checkout.file('.cache/tools.json'));
    await setUp();
    expect(await askedSince(before)).toContain('GitHub');
  });

  test('takes the yt-dlp that could be fetched, whole or not at all', async () => {
    expect(await setUp('start', { YOUTUBE_DL_FETCH: 'works' })).not.toContain('cannot');
    expect(JSON.parse(await readFile(checkout.file('.cache/tools.json'), 'utf8'))).toMatchObject({
      files: [checkout.file('bundled/yt-dlp'), expect.anything(), expect.anything()],
    });
    expect(existsSync(checkout.file('bundled.new'))).toBe(false);
  });

  test('asks nobody for a yt-dlp when a setting names one', async () => {
    await setUp('start', { YTDLP_PATH: checkout.file('machine/yt-dlp') });
    expect(await checkout.askedFor()).not.toContain('GitHub');
  });

  test('says what npm said only when npm fails', async () => {
    await checkout.addProgram(
      'npm',
      `console.error('npm error code EINTEGRITY'); process.exit(1);`,
    );
    const { exitCode, output } = await checkout.setUp().ended;
    expect(exitCode).toBe(1);
    expect(output).toMatch(
      /\nThe packages cannot be installed: mend what npm says below, then start again.\n  npm error code EINTEGRITY\n$/,
    );
  });

  test('says in one sentence that there is no network', async () => {
    await checkout.addProgram('npm', `console.error('npm error EAI_AGAIN'); process.exit(1);`);
    const { exitCode, output } = await checkout.setUp().ended;
    expect(exitCode).toBe(1);
    expect(output).toContain('The npm registry cannot be reached: check the network');
  });

  test('says in one sentence what to install when a tool is nowhere', async () => {
    await rm(checkout.file('machine/ffmpeg'));
    await checkout.addProgram('apt-get', 'process.exit(1)');
    const { exitCode, output } = await checkout.setUp().ended;
    expect(exitCode).toBe(1);
    expect(output).toMatch(/\nffmpeg (is missing: install with|cannot be installed: mend)/);
    expect(output).not.toContain('Building');
  });

  test('wants Chromium for the tests only', async () => {
    await rm(checkout.file('machine/chromium'));
    await setUp('start');
    await checkout.addProgram('apt-get', 'process.exit(1)');
    const { exitCode, output } = await checkout.setUp('test').ended;
    expect(exitCode).toBe(1);
    expect(output).toContain('chromium');
  });

  test('runs once at a time: a second one waits and says so', async () => {
    await checkout.addProgram(
      'npm',
      `while (!fs.existsSync(root + '/go')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
       console.error('npm error'); process.exit(1);`,
    );
    const first = checkout.setUp();
    await eventually('npm to be asked', async () => (await checkout.askedFor()).length > 0);
    const second = checkout.setUp();
    await eventually('the second one to say so', () =>
      second.output().includes('Another set-up is at work in this folder; waiting for it.'),
    );
    expect(await checkout.askedFor()).toHaveLength(1);
    await writeFile(checkout.file('go'), '');
    expect((await first.ended).exitCode).toBe(1);
    expect((await second.ended).exitCode).toBe(1);
    expect(await checkout.askedFor()).toHaveLength(2);
  });

  test('takes over from a set-up that was killed', async () => {
    await mkdir(checkout.file('.cache'));
    await writeFile(checkout.file('.cache/setup.lock'), 'somebody');
    await utimes(checkout.file('.cache/setup.lock'), new Date(), new Date(Date.now() - 11_000));
    expect(await setUp()).not.toContain('Another set-up');
    expect(existsSync(checkout.file('.cache/setup.lock'))).toBe(false);
  });
});

describeAsRoot('set-up as root on Debian', () => {
  test('installs missing tools with apt-get, after an update when it has to', async () => {
    await Promise.all(['ffmpeg', 'chromium'].map((name) => rm(checkout.file(`machine/${name}`))));
    await checkout.addProgram(
      'apt-get',
      `const put = (name, text) => fs.writeFileSync(root + '/machine/' + name, text, { mode: 0o755 });
       if (arguments_[0] === 'update') put('updated', '');
       else if (!fs.existsSync(root + '/machine/updated')) process.exit(100);
       else {
         put('ffmpeg', '#!/bin/sh\\necho ffmpeg version 7.1 Copyright');
         put('chromium', '');
       }`,
    );
    expect(await setUp('test')).toContain('Installing ffmpeg, chromium with apt-get…');
    const install = 'apt-get install --yes --no-install-recommends ffmpeg chromium';
    const asked = (await checkout.askedFor()).filter((line) => line.startsWith('apt-get'));
    expect(asked).toEqual([install, 'apt-get update', install]);
  });
});
