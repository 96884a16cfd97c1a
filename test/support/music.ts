// Sound that is hard to encode, in stereo: notes that ring out, a bass, and noise with a sharp attack. sound.ts
// tells what is where; this tells how well it was kept.

import { clip, ffmpeg } from './clip.ts';

const sampleRate = 44_100;
/** No whole number of frames, so that every repetition falls on other places in them. */
const loopSamples = 427_003;

const encodings = {
  m4a: ['-c:a', 'aac', '-b:a', '128k', '-movflags', '+faststart'],
  webm: ['-ar', '48000', '-c:a', 'libopus', '-b:a', '128k'],
} as const;

/** The path of a file with this much music. An hour of it takes a minute to make, once a machine. */
export function musicFile(
  seconds: number,
  format: keyof typeof encodings = 'm4a',
  ffmpegPath = 'ffmpeg',
): Promise<string> {
  return clip({
    ffmpegPath,
    key: `music:${seconds}`,
    extension: format,
    args: [
      ...['-f', 's16le', '-ar', String(sampleRate), '-ac', '2', '-i', 'pipe:0'],
      ...encodings[format],
    ],
    input: () => pcm(seconds),
  });
}

function* pcm(seconds: number): Generator<Buffer> {
  const loop = makeLoop();
  let left = seconds * sampleRate * 4;
  for (; left > loop.length; left -= loop.length) yield loop;
  yield loop.subarray(0, left);
}

function makeLoop(): Buffer {
  const samples = new Int16Array(loopSamples * 2);
  let seed = 1;
  const noise = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 31 - 1;
  };
  for (let sample = 0; sample < loopSamples; sample += 1) {
    const time = sample / sampleRate;
    const bass = 0.1 * Math.sin(2 * Math.PI * 55 * time);
    const left = 0.3 * note(time, 4, 220, 40) + 0.25 * noise() * Math.exp(-40 * (time % 0.5));
    const right = 0.3 * note(time, 3, 330, 30) + 0.2 * noise() * Math.exp(-40 * (time % 0.41));
    samples[2 * sample] = 32_000 * (bass + left);
    samples[2 * sample + 1] = 32_000 * (bass + right);
  }
  return Buffer.from(samples.buffer);
}

function note(time: number, perSecond: number, lowest: number, step: number): number {
  const frequency = lowest + step * (Math.floor(time * perSecond) % 11);
  return Math.sin(2 * Math.PI * frequency * time) * Math.exp(-3 * (time % (1 / perSecond)));
}

/** What a player would play, both channels in turn, as numbers from -1 to 1. */
export async function decode(path: string, ffmpegPath = 'ffmpeg'): Promise<Float32Array> {
  const args = ['-i', path, '-map', '0:a:0', '-ac', '2', '-f', 'f32le', 'pipe:1'];
  const raw = await ffmpeg(ffmpegPath, args);
  return new Float32Array(raw.buffer, raw.byteOffset, raw.byteLength / 4);
}

/** How far a copy is from the original in each stretch of 1,152 samples, in dB of full scale. */
export function errorLevels(original: Float32Array, copy: Float32Array): number[] {
  const length = 1_152 * 2;
  return Array.from({ length: Math.floor(original.length / length) }, (_, stretch) => {
    let sum = 0;
    for (let at = stretch * length; at < (stretch + 1) * length; at += 1) {
      sum += ((copy[at] ?? 0) - (original[at] ?? 0)) ** 2;
    }
    return 10 * Math.log10(sum / length + 1e-12);
  });
}
