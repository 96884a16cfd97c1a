import { readFile } from 'node:fs/promises';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import type { AudioQuality } from '../../../src/domain/job.ts';
import { encodeParts } from '../../../src/media/encodeParts.ts';
import { planParts } from '../../../src/media/mp3/parts.ts';
import { ffmpeg } from '../../support/clip.ts';
import { decode, errorLevels, musicFile } from '../../support/music.ts';
import { hearTones, soundFile, tones } from '../../support/sound.ts';
import { openWorkplace } from '../../support/workplace.ts';
import type { TestWorkplace } from '../../support/workplace.ts';

let workplace: TestWorkplace;
beforeEach(async () => {
  workplace = await openWorkplace();
});
afterEach(async () => {
  await workplace[Symbol.asyncDispose]();
});

async function encodeFile(
  input: string,
  changes: { durationSeconds: number; mostParts: number; quality?: AudioQuality },
): Promise<string> {
  const output = workplace.file(`${changes.mostParts}.mp3`);
  await encodeParts({
    ...workplace,
    input,
    output,
    tag: Buffer.alloc(0),
    maxDurationSeconds: 3_600,
    onAudible: () => {},
    onProgress: () => {},
    quality: 'KBPS_192',
    ...changes,
  });
  return output;
}

test.each([
  ['KBPS_128', 2],
  ['KBPS_192', 3],
  ['KBPS_320', 2],
  ['VBR_BEST', 2],
] as const)('%s in %d parts sounds as if encoded at once', async (quality, mostParts) => {
  const durationSeconds = mostParts * 76;
  const input = await musicFile(durationSeconds);
  const parts = planParts(durationSeconds, mostParts);
  expect(parts).toHaveLength(mostParts);
  const original = await decode(input);
  const atOnce = await decode(await encodeFile(input, { durationSeconds, mostParts: 1, quality }));
  const joined = await decode(await encodeFile(input, { durationSeconds, mostParts, quality }));

  expect(atOnce.length).toBe(original.length);
  expect(joined.length).toBe(original.length);

  const [once, parted] = [errorLevels(original, atOnce), errorLevels(original, joined)];
  const average = (levels: number[]) => levels.reduce((a, b) => a + b) / levels.length;
  expect(average(parted)).toBeCloseTo(average(once), 1);
  // No stretch is worse than the worst within a second of it is anyway: a seam would be.
  const seams = parted.flatMap((level, at) => {
    const worst = Math.max(...once.slice(Math.max(0, at - 40), at + 40));
    return level > worst + 1 ? [{ at, level, worst }] : [];
  });
  expect(seams).toEqual([]);
});

test('one part is what ffmpeg itself would have written, first frame included', async () => {
  const input = await musicFile(152);
  const ours = await readFile(await encodeFile(input, { durationSeconds: 152, mostParts: 1 }));
  const theirs = workplace.file('theirs.mp3');
  const sound = ['-map', '0:a:0', '-c:a', 'libmp3lame', '-b:a', '192k', '-id3v2_version', '0'];
  await ffmpeg(workplace.ffmpeg.path, ['-i', input, ...sound, theirs]);
  const expected = await readFile(theirs);
  const frames = (file: Buffer) => file.subarray(file.indexOf('fffb', 4, 'hex'));
  expect(frames(ours).equals(frames(expected))).toBe(true);
  expect(infoOf(ours)).toEqual(infoOf(expected));
  // ffmpeg keeps a table of fewer places, and is less exact by that.
  const [table, itsTable] = [seekTable(ours), seekTable(expected)];
  expect(Math.max(...table.map((share, at) => Math.abs(share - itsTable[at]!)))).toBeLessThan(3);
});

test('a part that finds nothing left of a sound that ends early makes it one part', async () => {
  const sound = { id: 'ends-early', seconds: 60 };
  const input = await soundFile(sound, 'm4a');
  const output = await encodeFile(input, { durationSeconds: 200, mostParts: 2 });
  expect(await hearTones(output)).toEqual(tones(sound));
});

/** http://gabriel.mp3-tech.org/mp3infotag.html */
function infoOf(mp3: Buffer) {
  const at = mp3.indexOf('Info', 0, 'latin1');
  const soundBytes = mp3.length - mp3.indexOf('fffb', 4, 'hex');
  return {
    frames: mp3.readUInt32BE(at + 8),
    soundBytes: [soundBytes, mp3.readUInt32BE(at + 12) - (mp3.length - soundBytes)],
    delayAndPadding: mp3.readUIntBE(at + 141, 3),
    checksum: mp3.readUInt16BE(at + 152),
  };
}

function seekTable(mp3: Buffer): number[] {
  const at = mp3.indexOf('Info', 0, 'latin1');
  return [...mp3.subarray(at + 16, at + 116)];
}
