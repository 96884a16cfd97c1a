// The formats that YouTube lists for a video: its itags, and the file behind each of them.
// Only what an audio converter can choose; no PO tokens, `n` challenges or SABR.

import { stat } from 'node:fs/promises';

import { announcedBytes } from '../delivery.ts';
import { soundFile } from '../sound.ts';
import type { SoundFormat } from '../sound.ts';
import { longestSoundSeconds, soundOf } from './video.ts';
import type { Video } from './video.ts';

type Format = {
  readonly itag: number;
  readonly file: SoundFormat;
  readonly mimeType: string;
  readonly bitrate: number;
  /** `formats` hold sound and picture, `adaptiveFormats` one of them. */
  readonly list: 'formats' | 'adaptiveFormats';
  readonly more: Readonly<Record<string, unknown>>;
};

const sound = { audioQuality: 'AUDIO_QUALITY_MEDIUM', audioChannels: 1, quality: 'tiny' };
const picture = { width: 640, height: 360, fps: 30, quality: 'medium', qualityLabel: '360p' };
const both = { ...picture, audioQuality: 'AUDIO_QUALITY_LOW', audioSampleRate: '44100' };
const h264AndAac = 'video/mp4; codecs="avc1.42001E, mp4a.40.2"';

/** By name. `mp4 without sound` promises sound and has none; `video only` says so. */
export const formats = {
  m4a: {
    itag: 140,
    file: 'm4a',
    mimeType: 'audio/mp4; codecs="mp4a.40.2"',
    bitrate: 130_000,
    list: 'adaptiveFormats',
    more: { ...sound, audioSampleRate: '44100' },
  },
  webm: {
    itag: 251,
    file: 'webm',
    mimeType: 'audio/webm; codecs="opus"',
    bitrate: 135_000,
    list: 'adaptiveFormats',
    more: { ...sound, audioSampleRate: '48000' },
  },
  mp4: {
    itag: 18,
    file: 'mp4',
    mimeType: h264AndAac,
    bitrate: 500_000,
    list: 'formats',
    more: both,
  },
  'mp4 without sound': {
    itag: 18,
    file: 'silent mp4',
    mimeType: h264AndAac,
    bitrate: 400_000,
    list: 'formats',
    more: both,
  },
  'video only': {
    itag: 134,
    file: 'silent mp4',
    mimeType: 'video/mp4; codecs="avc1.4d401e"',
    bitrate: 400_000,
    list: 'adaptiveFormats',
    more: picture,
  },
} as const satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof formats;

/** The file behind an itag of this video, or null when there is none. */
export async function mediaFile(
  of: Video,
  itag: number,
  ffmpegPath: string,
): Promise<{ path: string; contentType: string } | null> {
  const name = of.formats.find((each) => formats[each].itag === itag);
  if (!name) return null;
  const { file, mimeType } = formats[name];
  const contentType = mimeType.split(';', 1)[0]!;
  const own = of.files[file];
  if (own !== undefined) return { path: own, contentType };
  if (of.durationSeconds > longestSoundSeconds) return null;
  return { path: await soundFile(soundOf(of), file, ffmpegPath), contentType };
}

/** `streamingData` as the apps' API gives it: formats with addresses, sizes as they will be served. */
export async function streamingData(
  of: Video,
  ffmpegPath: string,
): Promise<Record<string, unknown>> {
  const listed = await Promise.all(
    of.formats.map(async (name) => ({
      list: formats[name].list,
      entry: await listing(of, name, ffmpegPath),
    })),
  );
  const entries = (list: Format['list']): unknown[] =>
    listed.filter((each) => each.list === list).map((each) => each.entry);
  return {
    expiresInSeconds: '21540',
    formats: entries('formats'),
    adaptiveFormats: entries('adaptiveFormats'),
  };
}

async function listing(
  of: Video,
  name: FormatName,
  ffmpegPath: string,
): Promise<Record<string, unknown>> {
  const { itag, mimeType, bitrate, more } = formats[name];
  const media = await mediaFile(of, itag, ffmpegPath);
  const sizeBytes = media
    ? (await stat(media.path)).size
    : Math.ceil((of.durationSeconds * bitrate) / 8);
  const length = announcedBytes(sizeBytes, of.media);
  const query = new URLSearchParams({
    expire: '4102444800',
    id: of.id,
    itag: String(itag),
    ...(length !== null && { clen: String(length) }),
  });
  return {
    itag,
    url: `https://rr1---sn-x.googlevideo.com/videoplayback?${query}`,
    mimeType,
    bitrate,
    lastModified: '1715900000000000',
    approxDurationMs: String(of.durationSeconds * 1000),
    ...(length !== null && { contentLength: String(length) }),
    ...more,
  };
}
