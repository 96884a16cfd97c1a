import { describe, expect, test } from '@jest/globals';

import { ffmpeg } from '../../support/clip.ts';
import { hearTones, soundFile, tones } from '../../support/sound.ts';
import { openFolder } from '../../support/folder.ts';

const sound = { id: 'unit-sound-', seconds: 6 };
const expected = tones(sound);

test('neighbouring seconds differ, and so do two sounds', () => {
  const long = tones({ id: 'unit-sound-', seconds: 3_600 });
  expect(long.filter((tone, second) => tone === long[second - 1])).toEqual([]);
  expect(long.slice(0, sound.seconds)).toEqual(expected);
  expect(tones({ ...sound, id: 'unit-sound_' })).not.toEqual(expected);
});

describe('the tones are heard', () => {
  test.each(['m4a', 'webm', 'mp4', 'ts'] as const)('in a file of format %s', async (format) => {
    expect(await hearTones(await soundFile(sound, format))).toEqual(expected);
  });

  test.each([
    ['whole', ['-b:a', '192k'], expected],
    ['at another rate, in stereo', ['-ar', '22050', '-ac', '2', '-q:a', '5'], expected],
    ['without its end', ['-t', '4'], expected.slice(0, 4)],
    ['without its beginning', ['-ss', '2'], expected.slice(2)],
    ['muted', ['-af', 'volume=0'], expected.map(() => 0)],
    ['drowned in noise', ['-af', 'aeval=random(0)'], expected.map(() => 0)],
  ])('in an MP3 that is %s', async (_what, args, heard) => {
    await using folder = await openFolder();
    const mp3 = folder.file('heard.mp3');
    await ffmpeg('ffmpeg', ['-i', await soundFile(sound, 'm4a'), ...args, mp3]);
    expect(await hearTones(mp3)).toEqual(heard);
  });
});

test('a file without sound is a failure, not silence', async () => {
  const picture = await soundFile(sound, 'silent mp4');
  await expect(hearTones(picture)).rejects.toThrow(/matches no streams/);
});
