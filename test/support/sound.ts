// Sound that can be checked: one tone a second, by a rule of the second and the sound's id. What was
// lost, doubled, reordered or taken from another video is heard in the MP3. It judges no quality.

import { createHash } from 'node:crypto';

import { clip, ffmpeg } from './clip.ts';

/** 64 tones, 25 Hz apart from 400 Hz: whole numbers, so that every second begins at phase 0. */
const grid = Array.from({ length: 64 }, (_, step) => 400 + 25 * step);
const sampleRate = 44_100;
/** Enough for tones below 2 kHz, and five times cheaper to listen to. */
const hearingRate = 8_000;

/** Which sound: the id is the video's id or any other name. */
export type Sound = { readonly id: string; readonly seconds: number };

/** What the files hold: sound, sound and picture (`mp4`), or a picture alone (`silent mp4`). */
export type SoundFormat = 'm4a' | 'webm' | 'mp4' | 'silent mp4' | 'ts';

const picture = ['-f', 'lavfi', '-i', 'color=size=64x36:rate=2', '-c:v', 'mpeg4', '-b:v', '20k'];
const aac = ['-c:a', 'aac', '-b:a', '128k'];
const encodings: Readonly<Record<SoundFormat, { extension: string; args: readonly string[] }>> = {
  m4a: { extension: 'm4a', args: [...aac, '-movflags', '+faststart'] },
  webm: { extension: 'webm', args: ['-ar', '48000', '-c:a', 'libopus', '-b:a', '128k'] },
  mp4: { extension: 'mp4', args: [...picture, ...aac, '-movflags', '+faststart'] },
  'silent mp4': { extension: 'mp4', args: [...picture, '-map', '1:v'] },
  ts: { extension: 'ts', args: [...aac, '-f', 'mpegts'] },
};

/** The frequency of each second in Hz; neighbours always differ. */
export function tones({ id, seconds }: Sound): number[] {
  let step = 0;
  return Array.from({ length: seconds }, (_, second) => {
    const byte = createHash('sha256').update(`${id}:${second}`).digest().readUInt8();
    step = (step + 1 + (byte % (grid.length - 1))) % grid.length;
    return grid[step]!;
  });
}

/** The path of a file with this sound. 180 s of m4a take 1.3 s on one core, once a machine. */
export function soundFile(
  sound: Sound,
  format: SoundFormat,
  ffmpegPath = 'ffmpeg',
): Promise<string> {
  const { extension, args } = encodings[format];
  return clip({
    ffmpegPath,
    key: `${sound.id}:${sound.seconds}`,
    extension,
    args: [
      ...['-f', 's16le', '-ar', String(sampleRate), '-ac', '1', '-i', 'pipe:0'],
      ...args,
      ...['-t', String(sound.seconds)],
    ],
    input: () => pcm(sound),
  });
}

/** Written here and not by lavfi's aevalsrc, which takes twice as long and cannot follow the rule. */
function* pcm(sound: Sound): Generator<Buffer> {
  const seconds = new Map<number, Buffer>();
  for (const tone of tones(sound)) {
    const second = seconds.get(tone) ?? sine(tone);
    seconds.set(tone, second);
    yield second;
  }
}

function sine(frequency: number): Buffer {
  const samples = Int16Array.from({ length: sampleRate }, (_, sample) =>
    Math.round(16_000 * Math.sin((2 * Math.PI * frequency * sample) / sampleRate)),
  );
  return Buffer.from(samples.buffer);
}

/**
 * The tone of each second of a file, in Hz; 0 where no tone of ours prevails (silence, noise, two at
 * once). A last second counts when four fifths of it are there. Compare with `tones(sound)`.
 */
export async function hearTones(path: string, ffmpegPath = 'ffmpeg'): Promise<number[]> {
  const args = ['-i', path, '-map', '0:a:0', '-ac', '1', '-ar', String(hearingRate)];
  const raw = await ffmpeg(ffmpegPath, [...args, '-f', 's16le', 'pipe:1']);
  const samples = new Int16Array(raw.buffer, raw.byteOffset, Math.floor(raw.byteLength / 2));
  const seconds = Math.floor(samples.length / hearingRate + 0.2);
  return Array.from({ length: seconds }, (_, second) => {
    // The middle of the second: encoders may shift the whole by some hundredths.
    const from = second * hearingRate;
    return prevailingTone(samples.subarray(from + 0.2 * hearingRate, from + 0.8 * hearingRate));
  });
}

function prevailingTone(samples: Int16Array): number {
  const energy = samples.reduce((sum, sample) => sum + sample * sample, 0);
  const best = grid
    .map((tone) => ({ tone, share: (2 * power(samples, tone)) / (energy * samples.length) }))
    .reduce((one, other) => (other.share > one.share ? other : one));
  return best.share > 0.5 ? best.tone : 0;
}

/** Goertzel's algorithm: the power of one frequency. https://en.wikipedia.org/wiki/Goertzel_algorithm */
function power(samples: Int16Array, frequency: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / hearingRate);
  let last = 0;
  let beforeLast = 0;
  for (const sample of samples) {
    const next = sample + coefficient * last - beforeLast;
    beforeLast = last;
    last = next;
  }
  return last * last + beforeLast * beforeLast - coefficient * last * beforeLast;
}
