// A yt-dlp that is started before there is an address for it: the real one, with and without a sandbox.

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { parseAllowedHosts } from '../../../src/domain/allowedHosts.ts';
import { startEgressGuard } from '../../../src/media/egress.ts';
import type { EgressGuard } from '../../../src/media/egress.ts';
import { confineTools } from '../../../src/media/sandbox.ts';
import { findTools } from '../../../src/media/tools.ts';
import { fetchSource } from '../../../src/media/ytdlp.ts';
import type { YtdlpStart } from '../../../src/media/ytdlpLaunch.ts';
import { createYtdlpStandby } from '../../../src/media/ytdlpStandby.ts';
import type { YtdlpStandby } from '../../../src/media/ytdlpStandby.ts';
import { dismiss } from '../../../src/media/launch.ts';
import { createStorage } from '../../../src/storage.ts';
import type { Storage } from '../../../src/storage.ts';
import { eventually } from '../../support/eventually.ts';
import { lastFor } from '../../support/lasting.ts';
import { body, startSite } from '../../support/loopbackSite.ts';
import type { LoopbackSite } from '../../support/loopbackSite.ts';
import { processesIn } from '../../support/processes.ts';
import { soundFile } from '../../support/sound.ts';
import { openWorkplace } from '../../support/workplace.ts';
import type { TestWorkplace } from '../../support/workplace.ts';

let workplace: TestWorkplace;
let site: LoopbackSite;
let guard: EgressGuard;
let storage: Storage;
let standby: YtdlpStandby;
let sound: Buffer;
/** Called before the site answers. */
let onAsked = async () => {};
const complaints: unknown[] = [];
const limits = { maxDurationSeconds: 3_600, maxFilesizeBytes: 50_000_000 };

beforeEach(async () => {
  workplace = await openWorkplace();
  sound = await readFile(await soundFile({ id: 'standby-test', seconds: 20 }, 'm4a'));
  site = await startSite({
    async '/sound.m4a'(response, request) {
      await onAsked();
      return body('audio/mp4', sound)(response, request);
    },
  });
  guard = await startEgressGuard({
    allowedHosts: parseAllowedHosts(site.endpoint).allowedHosts,
    environment: {},
    logger: { warn: () => {}, debug: () => {} },
  });
  storage = await createStorage(workplace.folder);
  standby = open();
});
afterEach(async () => {
  onAsked = async () => {};
  await standby[Symbol.asyncDispose]();
  await guard[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
  const left = await readdir(workplace.file('standby'));
  // It throws when a process is left.
  await workplace[Symbol.asyncDispose]();
  if (left.length > 0) throw new Error(`folders were left: ${left.join(', ')}`);
  const complained = complaints.splice(0);
  if (complained.length > 0) throw new AggregateError(complained, 'it complained');
});

function open(longestWaitMs?: number): YtdlpStandby {
  return createYtdlpStandby({
    openFolder: () => storage.openStandbyFolder(),
    onError: (error) => complaints.push(error),
    ...(longestWaitMs !== undefined && { longestWaitMs }),
  });
}

function startOf(changes: Partial<YtdlpStart> = {}): YtdlpStart {
  return {
    ...{ ytdlp: workplace.ytdlp, extractors: 'any', wantCover: false, proxyUrl: guard.url },
    ...{ hostEnvironment: workplace.hostEnvironment, limits },
    ...changes,
  };
}

async function take(start: YtdlpStart, folder?: string) {
  return standby.take(start, folder ?? (await attemptFolder()), workplace.signal);
}

const pidOf = (command: string) => command.split(' ')[0] ?? '';

/** The processes of those that wait. */
const waiting = () => processesIn(workplace.file('standby'));
const begun = () =>
  eventually('a yt-dlp to wait', async () =>
    (await waiting()).find((command) => /python.*yt-dlp/.test(command)),
  );

async function attemptFolder(name = 'attempt'): Promise<string> {
  const folder = workplace.file(name);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

async function fetchInto(folder: string, start: YtdlpStart): Promise<Buffer> {
  const { audioPath } = await fetchSource({
    ...{ ...start, limits, standby, folder, signal: workplace.signal, timeoutMs: 60_000 },
    url: `${site.origin}/sound.m4a`,
    ...{ onSource: () => {}, onBegun: () => {}, onProgress: () => {} },
  });
  expect(audioPath).toBe(join(folder, 'source'));
  return await readFile(audioPath);
}

describe.each(['sandbox', 'bare'] as const)('one that waits: %s', (how) => {
  async function tool(): Promise<YtdlpStart['ytdlp']> {
    if (how === 'bare') return workplace.ytdlp;
    const search = { ytdlpPath: null, ffmpegPath: null, searchPath: process.env['PATH'] ?? '' };
    const { tools, refusal } = await confineTools(await findTools(search), {
      ...{ environment: process.env, dataFolder: workplace.file('data') },
    });
    expect(refusal).toBeNull();
    return tools.ytdlp;
  }

  test('serves an attempt in its folder, trusting whom it would have trusted there', async () => {
    await writeFile(workplace.file('extra.pem'), '');
    const { hostEnvironment } = workplace;
    const extra = { ...hostEnvironment, NODE_EXTRA_CA_CERTS: workplace.file('extra.pem') };
    const start = startOf({ ytdlp: await tool(), hostEnvironment: extra });
    standby.prepare(async () => start);
    await begun();
    const pids = new Set((await waiting()).map(pidOf));
    const folder = await attemptFolder();
    let working: string[] = [];
    onAsked = async () => {
      // Those in a sandbox do not see that their folder has another name now.
      working = [...(await processesIn(folder)), ...(await waiting())];
    };
    expect(await fetchInto(folder, start)).toEqual(sound);
    expect(working.join('\n')).toMatch(/python.*yt-dlp/);
    expect(working.join('\n')).not.toContain(site.origin);
    expect(working.filter((command) => !pids.has(pidOf(command)))).toEqual([]);
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['source', 'trusted.pem']));
    expect(await waiting()).toEqual([]);
  });

  test('is waited for when it is wanted before it can be had', async () => {
    const start = startOf({ ytdlp: await tool() });
    standby.prepare(async () => start);
    const folder = await attemptFolder();
    const launched = await take(start, folder);
    expect(launched?.isOver()).toBe(false);
    expect(await readdir(workplace.file('standby'))).toEqual([]);
    // Still there a moment later: a sandbox that was not made yet would have ended.
    await lastFor(0.3);
    expect(launched?.isOver()).toBe(false);
    await dismiss(launched!);
  });

  test('is ended when the attempt that waits for it is', async () => {
    const start = startOf({ ytdlp: await tool() });
    standby.prepare(async () => start);
    const taking = take(start);
    workplace.abort(new Error('canceled'));
    await expect(taking).rejects.toThrow('canceled');
    await eventually('it to end', async () => (await waiting()).length === 0);
  });

  test('is gone when nobody wants it any more', async () => {
    standby.prepare(async () => startOf({ ytdlp: await tool() }));
    await begun();
    await standby[Symbol.asyncDispose]();
    expect(await waiting()).toEqual([]);
    standby.prepare(async () => startOf());
    expect(await take(startOf())).toBeNull();
  });
});

test('without one an attempt starts its own', async () => {
  expect(await fetchInto(await attemptFolder(), startOf())).toEqual(sound);
});

test('two are never started, and the second attempt gets none', async () => {
  standby.prepare(async () => startOf());
  standby.prepare(async () => startOf());
  await begun();
  expect(await readdir(workplace.file('standby'))).toHaveLength(1);
  const attempts = ['one', 'two'].map(async (name) =>
    fetchInto(await attemptFolder(name), startOf()),
  );
  expect(await Promise.all(attempts)).toEqual([sound, sound]);
});

test.each<[string, () => Partial<YtdlpStart>]>([
  ['for other sites', () => ({ extractors: 'youtube' })],
  ['of another version', () => ({ ytdlp: { ...workplace.ytdlp } })],
  ['with a thumbnail', () => ({ wantCover: true })],
])('one that was started %s is ended, and not taken', async (_what, changes) => {
  standby.prepare(async () => startOf(changes()));
  await begun();
  expect(await take(startOf())).toBeNull();
  await eventually('it to end', async () => (await waiting()).length === 0);
});

test('one that died while it waited is not taken', async () => {
  standby.prepare(async () => startOf());
  const [pid] = (await begun()).split(' ');
  process.kill(Number(pid), 'SIGKILL');
  await eventually('its supervisor to end too', async () => (await waiting()).length === 0);
  expect(await fetchInto(await attemptFolder(), startOf())).toEqual(sound);
  expect(complaints.splice(0).map(String)).toEqual(['Error: a yt-dlp has ended while it waited']);
});

test('one that cannot be started is told of, and the attempt starts its own', async () => {
  standby.prepare(async () => Promise.reject(new Error('no tool')));
  expect(await fetchInto(await attemptFolder(), startOf())).toEqual(sound);
  expect(complaints.splice(0).map(String)).toEqual(['Error: no tool']);
});

test('a program that unpacks itself does not wait, but in a sandbox', async () => {
  const path = workplace.file('yt-dlp');
  await writeFile(path, '\x7fELF', { mode: 0o755 });
  const start = startOf({ ytdlp: { ...workplace.ytdlp, path } });
  standby.prepare(async () => start);
  await lastFor(0.3);
  expect(await readdir(workplace.file('standby'))).toEqual([]);
  expect(await take(start)).toBeNull();
});

test('one that has waited for long is replaced by another', async () => {
  await standby[Symbol.asyncDispose]();
  standby = open(500);
  standby.prepare(async () => startOf());
  const [first] = (await begun()).split(' ');
  await eventually('another one to wait, alone', async () => {
    const pids = (await waiting()).map((command) => command.split(' ')[0]);
    return (
      pids.length > 0 &&
      !pids.includes(first) &&
      (await readdir(workplace.file('standby'))).length === 1
    );
  });
  await standby[Symbol.asyncDispose]();
});

test('a folder that cannot become the attempt’s is no harm: the attempt starts its own', async () => {
  standby.prepare(async () => startOf());
  await begun();
  const folder = await attemptFolder();
  await writeFile(join(folder, 'in the way'), '');
  expect(await fetchInto(folder, startOf())).toEqual(sound);
  expect(await waiting()).toEqual([]);
  expect(complaints.splice(0)).toMatchObject([{ code: 'ENOTEMPTY' }]);
});
