import {
  appendFile,
  copyFile,
  open,
  readFile,
  rename,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { squarePictures } from '../../../src/media/cover.ts';
import { verifyMp3 } from '../../../src/media/mp3/verify.ts';
import { growingSource } from '../../../src/media/source.ts';
import type { GrowingSource } from '../../../src/media/source.ts';
import { id3Tag } from '../../../src/media/tags.ts';
import { transcode } from '../../../src/media/transcode.ts';
import type { TranscodeRequest } from '../../../src/media/transcode.ts';
import { ffmpeg } from '../../support/clip.ts';
import { lastFor } from '../../support/lasting.ts';
import { processesIn } from '../../support/processes.ts';
import { hearTones, soundFile, tones } from '../../support/sound.ts';
import type { SoundFormat } from '../../support/sound.ts';
import { readMp3 } from '../../support/mp3.ts';
import { openWorkplace } from '../../support/workplace.ts';
import type { TestWorkplace } from '../../support/workplace.ts';

const sound = { id: 'ffmpeg-test', seconds: 20 };
let workplace: TestWorkplace;
beforeEach(async () => {
  workplace = await openWorkplace();
});
afterEach(async () => {
  await workplace[Symbol.asyncDispose]();
});

type Changes = Partial<TranscodeRequest> & { durationSeconds?: number | null };

/** What the site says about every source here, but how long it is. */
const silentSite = {
  ...{ title: null, uploader: null, thumbnailUrl: null, artist: null, track: null },
  ...{ album: null, uploadDate: null },
};
const toldBy = (durationSeconds: number | null) => ({
  coverPath: null,
  metadata: { ...silentSite, durationSeconds },
});

function convertSource(source: GrowingSource, changes: Partial<TranscodeRequest> = {}) {
  return transcode({
    ...workplace,
    source,
    output: workplace.file('sound.mp3'),
    tag: Buffer.alloc(0),
    maxDurationSeconds: 3600,
    mostParts: 1,
    quality: 'KBPS_192',
    onAudible: () => {},
    onProgress: () => {},
    onSetback: () => {},
    ...changes,
  });
}

/** A source that is there already. */
function convert(input: string, { durationSeconds = 20, ...changes }: Changes = {}) {
  const source = growingSource();
  source.begin({ paths: [`${input}.part`, input], ...toldBy(durationSeconds) });
  source.complete({ audioPath: input, ...toldBy(durationSeconds) });
  return convertSource(source, changes);
}

const make = (...args: string[]) => ffmpeg(workplace.ffmpeg.path, args);

async function failureOf(ended: Promise<unknown>): Promise<unknown> {
  return ended.then(
    (result) => result,
    (error: unknown) => error,
  );
}

describe('transcoding', () => {
  test.each(['m4a', 'webm', 'mp4', 'ts'] satisfies SoundFormat[])(
    '%s becomes an MP3 that holds every second of it, in order',
    async (format) => {
      const { durationSeconds } = await convert(await soundFile(sound, format));
      expect(durationSeconds).toBeCloseTo(20, 0);
      const measured = await verifyMp3(
        workplace.file('sound.mp3'),
        durationSeconds,
        workplace.signal,
      );
      expect(measured.durationSeconds).toBeCloseTo(20, 0);
      expect(await hearTones(workplace.file('sound.mp3'))).toEqual(tones(sound));
    },
  );

  test.each([
    ['KBPS_128', 128],
    ['KBPS_192', 192],
    ['KBPS_320', 320],
  ] as const)('%s has that bitrate', async (quality, bitrateKbps) => {
    await convert(await soundFile(sound, 'm4a'), { quality });
    const measured = await verifyMp3(workplace.file('sound.mp3'), 20, workplace.signal);
    expect(measured.bitrateKbps).toBe(bitrateKbps);
  });

  test('VBR_BEST has a rate of its own', async () => {
    await convert(await soundFile(sound, 'm4a'), { quality: 'VBR_BEST' });
    const { bitrateKbps } = await verifyMp3(workplace.file('sound.mp3'), 20, workplace.signal);
    expect([32, 64, 128, 192, 320]).not.toContain(bitrateKbps);
  });

  test('a source of 8 kHz gets the bitrate that was asked for', async () => {
    await make('-f', 'lavfi', '-i', 'sine=d=5:r=8000', workplace.file('low.wav'));
    await convert(workplace.file('low.wav'), { durationSeconds: null, quality: 'KBPS_320' });
    const measured = await verifyMp3(workplace.file('sound.mp3'), 5, workplace.signal);
    expect(measured.bitrateKbps).toBe(320);
  });

  test('progress rises, often, and ends at 1', async () => {
    const long = { id: 'ffmpeg-test', seconds: 1_200 };
    const fractions: (number | null)[] = [];
    await convert(await soundFile(long, 'm4a'), {
      durationSeconds: null,
      onProgress: ({ fraction }) => fractions.push(fraction),
    });
    expect(fractions.length).toBeGreaterThan(10);
    expect(fractions).toEqual(fractions.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
    expect(fractions.at(-1)).toBe(1);
  });

  test('an abort in the middle leaves no process within a second', async () => {
    const begun = Promise.withResolvers<void>();
    const long = await soundFile({ id: 'ffmpeg-test', seconds: 180 }, 'm4a');
    const ended = failureOf(
      convert(long, { durationSeconds: null, onProgress: () => begun.resolve() }),
    );
    await begun.promise;
    const abortedAt = performance.now();
    workplace.abort(new Error('canceled'));
    expect(await ended).toEqual(new Error('canceled'));
    expect(performance.now() - abortedAt).toBeLessThan(1_000);
    expect(await processesIn(workplace.folder)).toEqual([]);
  });

  test('a picture without sound is NO_AUDIO', async () => {
    const failure = await failureOf(convert(await soundFile(sound, 'silent mp4')));
    expect(failure).toMatchObject({ code: 'NO_AUDIO' });
  });

  test('what is no media is TRANSCODE_FAILED', async () => {
    await writeFile(workplace.file('source'), '<html>a page</html>');
    expect(await failureOf(convert(workplace.file('source')))).toMatchObject({
      code: 'TRANSCODE_FAILED',
    });
  });

  test.each([
    [
      'an HLS playlist',
      '#EXTM3U\n#EXT-X-TARGETDURATION:20\n#EXTINF:20,\nother.ts\n#EXT-X-ENDLIST\n',
    ],
    ['a concat script', "ffconcat version 1.0\nfile 'other.ts'\n"],
  ])('%s in the place of the sound opens no other file', async (_what, script) => {
    await copyFile(await soundFile(sound, 'ts'), workplace.file('other.ts'));
    await writeFile(workplace.file('source'), script);
    expect(await failureOf(convert(workplace.file('source')))).toMatchObject({
      code: 'TRANSCODE_FAILED',
    });
  });

  test('a file that is shorter than the site said is NETWORK: it was cut on its way', async () => {
    const failure = await failureOf(
      convert(await soundFile(sound, 'm4a'), { durationSeconds: 30 }),
    );
    expect(failure).toMatchObject({ code: 'NETWORK' });
  });

  test('a site may be wrong by two seconds', async () => {
    const { durationSeconds } = await convert(await soundFile(sound, 'm4a'), {
      durationSeconds: 21.9,
    });
    expect(durationSeconds).toBeCloseTo(20, 0);
  });

  test('too long a file is refused, whatever the site said', async () => {
    const input = await soundFile(sound, 'm4a');
    const failure = await failureOf(convert(input, { maxDurationSeconds: 10 }));
    expect(failure).toMatchObject({ code: 'TOO_LONG' });
  });

  test('a file that hides its length is refused as soon as it is too long', async () => {
    await make(
      '-i',
      await soundFile(sound, 'm4a'),
      '-c',
      'copy',
      '-f',
      'matroska',
      '-live',
      '1',
      workplace.file('source'),
    );
    const changes = { durationSeconds: null, maxDurationSeconds: 10 };
    expect(await failureOf(convert(workplace.file('source'), changes))).toMatchObject({
      code: 'TOO_LONG',
    });
    const { durationSeconds } = await convert(workplace.file('source'), { durationSeconds: null });
    expect(durationSeconds).toBeCloseTo(20, 0);
  });
});

describe('a source that is still being downloaded', () => {
  const song = { id: 'ffmpeg-test', seconds: 60 };
  const path = () => workplace.file('source');
  const setbacks: unknown[] = [];
  const onSetback = (cause: unknown) => setbacks.push(cause);
  beforeEach(() => void setbacks.splice(0));

  function begin(): GrowingSource {
    const source = growingSource();
    source.begin({ paths: [`${path()}.part`, path()], ...toldBy(song.seconds) });
    return source;
  }
  function complete(source: GrowingSource): void {
    source.complete({ audioPath: path(), ...toldBy(song.seconds) });
  }

  test('is encoded as it comes, and ends as if it had been there from the start', async () => {
    const bytes = await readFile(await soundFile(song, 'm4a'));
    await convert(await soundFile(song, 'm4a'), { durationSeconds: song.seconds });
    const atOnce = await readFile(workplace.file('sound.mp3'));

    const source = begin();
    const half = Promise.withResolvers<void>();
    const ended = convertSource(source, {
      onSetback,
      onProgress: ({ fraction }) => fraction !== null && fraction > 0.3 && half.resolve(),
    });
    await appendFile(`${path()}.part`, bytes.subarray(0, bytes.length / 2));
    await half.promise;
    await appendFile(`${path()}.part`, bytes.subarray(bytes.length / 2));
    await rename(`${path()}.part`, path());
    complete(source);
    expect((await ended).durationSeconds).toBeCloseTo(song.seconds, 0);
    expect(setbacks).toEqual([]);
    expect((await readFile(workplace.file('sound.mp3'))).equals(atOnce)).toBe(true);
  });

  test('that is long in coming says nothing of how long the encoder will take', async () => {
    const source = begin();
    const etas: (number | null)[] = [];
    const ended = convertSource(source, { onProgress: ({ etaSeconds }) => etas.push(etaSeconds) });
    await lastFor(5);
    await copyFile(await soundFile(song, 'm4a'), path());
    complete(source);
    await ended;
    // Five seconds for the first of sixty would make four minutes of it.
    expect(Math.max(...etas.map(Number))).toBeLessThan(150);
    expect(etas.length).toBeGreaterThan(2);
  });

  test('that begins again with other bytes is encoded anew from the whole file', async () => {
    // Of this kind, any half goes with any other: only the checksum tells.
    const other = await readFile(await soundFile({ ...song, id: 'another' }, 'ts'));
    const source = begin();
    const begun = Promise.withResolvers<void>();
    const ended = convertSource(source, { onSetback, onProgress: () => begun.resolve() });
    await writeFile(`${path()}.part`, other.subarray(0, other.length / 2));
    await begun.promise;
    await copyFile(await soundFile(song, 'ts'), `${path()}.part`);
    await rename(`${path()}.part`, path());
    complete(source);
    await ended;
    expect(setbacks).toEqual([new Error('the download began again')]);
    expect(await hearTones(workplace.file('sound.mp3'))).toEqual(tones(song));
  });

  test('with its index at the end is encoded from the whole file', async () => {
    const input = await soundFile(song, 'm4a');
    await make('-i', input, '-c', 'copy', '-f', 'mp4', path());
    const source = begin();
    complete(source);
    await convertSource(source, { onSetback });
    expect(setbacks).toHaveLength(1);
    expect(await hearTones(workplace.file('sound.mp3'))).toEqual(tones(song));
  });

  test('and stops coming leaves nothing behind when it is given up', async () => {
    const bytes = await readFile(await soundFile(song, 'm4a'));
    const begun = Promise.withResolvers<void>();
    const source = begin();
    await appendFile(`${path()}.part`, bytes.subarray(0, bytes.length / 2));
    const ended = failureOf(convertSource(source, { onProgress: () => begun.resolve() }));
    await begun.promise;
    workplace.abort(new Error('canceled'));
    expect(await ended).toEqual(new Error('canceled'));
    expect(await processesIn(workplace.folder)).toEqual([]);
  });
});

describe('verifying', () => {
  const someTag = id3Tag(
    { title: 'Title', artist: null, album: null, date: null, sourceUrl: 'https://a.example/' },
    null,
  );
  const frameSync = Buffer.from([0xff, 0xfb]);

  test('a truncated source is caught: ffmpeg itself ends with exit code 0', async () => {
    const whole = await readFile(await soundFile(sound, 'm4a'));
    await writeFile(workplace.file('source'), whole.subarray(0, whole.length / 2));
    const { durationSeconds } = await convert(workplace.file('source'));
    expect(durationSeconds).toBeCloseTo(20, 0);
    const checked = verifyMp3(workplace.file('sound.mp3'), durationSeconds, workplace.signal);
    expect(await failureOf(checked)).toMatchObject({ code: 'OUTPUT_INVALID' });
  });

  test('a truncated MP3 is caught, though its header still claims the whole length', async () => {
    await convert(await soundFile(sound, 'm4a'), { quality: 'VBR_BEST' });
    const path = workplace.file('sound.mp3');
    await truncate(path, Math.floor((await stat(path)).size / 2));
    for (const expected of [20, null]) {
      expect(await failureOf(verifyMp3(path, expected, workplace.signal))).toMatchObject({
        code: 'OUTPUT_INVALID',
      });
    }
  });

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['nothing', () => Buffer.alloc(0)],
    ['a tag alone', (bytes) => bytes.subarray(0, bytes.indexOf(frameSync))],
    // At 192 kbit/s and 48 kHz each frame has 576 bytes.
    ['all but the last frame', (bytes) => bytes.subarray(0, -576)],
    ['something behind the last frame', (bytes) => Buffer.concat([bytes, Buffer.from('TAG')])],
  ])('%s is caught', async (_what, change) => {
    await make('-f', 'lavfi', '-i', 'sine=d=5:r=48000', workplace.file('tone.wav'));
    await convert(workplace.file('tone.wav'), { durationSeconds: 5, tag: someTag });
    const path = workplace.file('sound.mp3');
    const bytes = await readFile(path);
    await verifyMp3(path, null, workplace.signal);
    await writeFile(path, change(bytes));
    const failure = await failureOf(verifyMp3(path, null, workplace.signal));
    expect(failure).toMatchObject({ code: 'OUTPUT_INVALID' });
  });

  test('a bit that changed after it was written is caught', async () => {
    await convert(await soundFile(sound, 'm4a'));
    const path = workplace.file('sound.mp3');
    const bytes = await readFile(path);
    const middle = bytes.length >> 1;
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
    await writeFile(path, bytes);
    const failure = await failureOf(verifyMp3(path, 20, workplace.signal));
    expect(failure).toMatchObject({ code: 'OUTPUT_INVALID' });
  });

  test.each(['KBPS_192', 'VBR_BEST'] as const)('%s measures as ffprobe does', async (quality) => {
    await convert(await soundFile(sound, 'm4a'), { quality, tag: someTag });
    const path = workplace.file('sound.mp3');
    const measured = await verifyMp3(path, 20, workplace.signal);
    const seen = await readMp3(path);
    expect(measured.bitrateKbps).toBe(seen.bitrateKbps);
    expect(measured.durationSeconds).toBeCloseTo((seen.frameBytes.length * 1_152) / 44_100, 6);
  });

  test.each([
    ['another codec', () => soundFile(sound, 'm4a')],
    ['no file', () => Promise.resolve('/nowhere/sound.mp3')],
  ])('%s is OUTPUT_INVALID', async (_what, path) => {
    expect(await failureOf(verifyMp3(await path(), 20, workplace.signal))).toMatchObject({
      code: 'OUTPUT_INVALID',
    });
  });
});

describe('a cover', () => {
  async function picture(name: string, size: string, ...args: string[]): Promise<string> {
    const path = workplace.file(name);
    await make('-f', 'lavfi', '-i', `testsrc=size=${size}`, '-frames:v', '1', ...args, '-y', path);
    return path;
  }
  async function sizeOf(jpeg: Buffer | undefined): Promise<string> {
    if (jpeg === undefined) return 'none';
    await writeFile(workplace.file('seen.jpg'), jpeg);
    const raw = await make(
      '-i',
      workplace.file('seen.jpg'),
      '-pix_fmt',
      'gray',
      '-f',
      'rawvideo',
      '-',
    );
    return String(Math.sqrt(raw.length));
  }

  test.each([
    ['cover.webp', '1280x720', '720'],
    ['cover.jpg', '1920x1080', '800'],
    ['cover.png', '300x400', '300'],
  ])('%s of %s becomes a square JPEG of %s', async (name, size, side) => {
    const pictures = await squarePictures(await picture(name, size), workplace);
    expect(pictures?.cover.subarray(0, 3).toString('hex')).toBe('ffd8ff');
    expect(await sizeOf(pictures?.cover)).toBe(side);
    expect(await sizeOf(pictures?.thumbnail)).toBe('256');
  });

  test('a file named by its true kind or not makes no difference', async () => {
    const path = await picture('cover.image', '64x64', '-f', 'webp');
    expect(await sizeOf((await squarePictures(path, workplace))?.cover)).toBe('64');
  });

  test.each([
    ['garbage', Buffer.from('<svg onload="alert(1)"/>')],
    ['an empty file', Buffer.alloc(0)],
    ['a broken JPEG', Buffer.from('ffd8ffe000104a464946', 'hex')],
  ])('%s gives none', async (_what, content) => {
    await writeFile(workplace.file('cover.jpg'), content);
    expect(await squarePictures(workplace.file('cover.jpg'), workplace)).toBeNull();
  });

  test.each(['cover.jpg', 'cover.png', 'cover.webp'])('half of %s gives none', async (name) => {
    const path = await picture(name, '1280x720');
    await truncate(path, Math.floor((await stat(path)).size / 2));
    expect(await squarePictures(path, workplace)).toBeNull();
  });

  test('a picture that needs gigabytes gives none', async () => {
    // 30,000 x 30,000 black pixels: 1 MB as PNG, 2.7 GB in memory.
    const path = workplace.file('bomb.png');
    await make('-f', 'lavfi', '-i', 'color=black:s=64x64', '-frames:v', '1', path);
    const header = await open(path, 'r+');
    await header.write(Buffer.from('0000753000007530', 'hex'), 0, 8, 16);
    await header.close();
    expect(await squarePictures(path, workplace)).toBeNull();
  });

  test('a link to a picture gives none: it may lead out of the sandbox', async () => {
    await symlink(await picture('cover.jpg', '64x64'), workplace.file('link.jpg'));
    expect(await squarePictures(workplace.file('link.jpg'), workplace)).toBeNull();
  });

  test('no thumbnail gives none', async () => {
    expect(await squarePictures(null, workplace)).toBeNull();
    expect(await squarePictures(workplace.file('nowhere.jpg'), workplace)).toBeNull();
  });
});

describe('tagging', () => {
  const tags = {
    title: 'Tïtle "q" 🎵 \u202ertl',
    artist: 'An Author',
    album: null,
    date: '20240102',
    sourceUrl: 'https://www.youtube.com/watch?v=tape-deck-1',
  };
  const path = () => workplace.file('sound.mp3');

  test('puts everything where players look, and leaves the sound as it is, byte for byte', async () => {
    const input = await soundFile(sound, 'm4a');
    await convert(input);
    const before = await readFile(path());
    await make(
      ...['-f', 'lavfi', '-i', 'testsrc=size=640x360', '-frames:v', '1'],
      workplace.file('c.png'),
    );
    const cover = (await squarePictures(workplace.file('c.png'), workplace))?.cover ?? null;
    await convert(input, { tag: id3Tag(tags, cover) });

    const after = await readFile(path());
    expect(after.subarray(-before.length).equals(before)).toBe(true);
    expect(after.subarray(0, 4).toString('latin1')).toBe('ID3\u0003');
    expect(after.toString('latin1')).toContain(`WOAS\0\0\0+\0\0${tags.sourceUrl}`);
    const told = String(await make('-i', path(), '-f', 'ffmetadata', '-'));
    expect(told).toContain(`title=${tags.title}\n`);
    expect(told).toContain('artist=An Author\n');
    expect(told).toContain('date=2024-01-02\n');
    expect(told).toContain('comment=https://www.youtube.com/watch?v\\=tape-deck-1\n');
    expect(told).not.toContain('album');
    expect(await make('-i', path(), '-map', '0:v:0', '-c', 'copy', '-f', 'mjpeg', '-')).toEqual(
      cover,
    );
    expect(await verifyMp3(path(), 20, workplace.signal)).toMatchObject({ bitrateKbps: 192 });
  });

  test('works without anything to say but the address', async () => {
    const nothing = { ...tags, title: null, artist: null, date: null };
    await convert(await soundFile(sound, 'm4a'), { tag: id3Tag(nothing, null) });
    expect(await verifyMp3(path(), 20, workplace.signal)).toMatchObject({ bitrateKbps: 192 });
  });
});
