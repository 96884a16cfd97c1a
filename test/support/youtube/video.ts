// One declared video: what the stand-in says about it, and the switches that a test may turn meanwhile.
// It holds no answers: pages.ts words them, site.ts sends them.

import type { Delivery } from '../delivery.ts';
import { createGate } from '../gate.ts';
import type { Gate } from '../gate.ts';
import type { Sound, SoundFormat } from '../sound.ts';
import type { FormatName } from './formats.ts';
import type { Refusal } from './refusals.ts';

export type Chapter = { readonly title: string; readonly startSeconds: number };

/** Where an answer can be held: the player API (while resolving), or half-way through the media. */
export type HoldPoint = 'player' | 'media';

/** What a test says about a video; only `id` (11 characters) is needed. */
export type VideoDeclaration = {
  readonly id: string;
  readonly title?: string;
  readonly uploader?: string;
  /** Whole seconds, 20 if absent. Beyond `longestSoundSeconds` it is listed, but its media is 404. */
  readonly durationSeconds?: number;
  /** `YYYY-MM-DD`. */
  readonly uploadDate?: string;
  readonly chapters?: readonly Chapter[];
  readonly description?: string;
  /** What YouTube offers; m4a and webm if absent. */
  readonly formats?: readonly FormatName[];
  /** Media of one's own in the place of tones; such a video may be longer. */
  readonly files?: Readonly<Partial<Record<SoundFormat, string>>>;
  readonly refusal?: Refusal;
  readonly thumbnail?: Thumbnail;
  readonly media?: Delivery;
};
export type Thumbnail = 'ok' | 'missing' | 'garbage';

/** A video of the stand-in. `refusal`, `thumbnail` and `media` may be set while the server runs. */
export type Video = Required<Omit<VideoDeclaration, 'refusal' | 'thumbnail' | 'media'>> & {
  refusal: Refusal | null;
  thumbnail: Thumbnail;
  media: Delivery;
  readonly gates: Readonly<Record<HoldPoint, Gate>>;
  /**
   * Freezes what passes that point, `media` if absent, until `release`. The client has sent its
   * request and, for media, got the first half of the file, and a little now and then; held at `player`, its own
   * time-outs go on.
   */
  readonly hold: (point?: HoldPoint) => void;
  readonly release: (point?: HoldPoint) => void;
  /** Resolves when a request waits at the held point. */
  readonly whenHeld: (point?: HoldPoint) => Promise<void>;
};

/** A sound of 20 minutes takes 9 s to make; longer ones are only for being refused as too long. */
export const longestSoundSeconds = 1_200;

export function video(declared: VideoDeclaration): Video {
  const gates = { player: createGate(), media: createGate() };
  return {
    title: `Video ${declared.id}`,
    uploader: 'Tapedeck Test Channel',
    durationSeconds: 20,
    uploadDate: '2024-05-17',
    chapters: [],
    description: '',
    formats: ['m4a', 'webm'],
    files: {},
    refusal: null,
    thumbnail: 'ok',
    media: { kind: 'normal' },
    ...declared,
    gates,
    hold: (point = 'media') => gates[point].hold(),
    release: (point = 'media') => gates[point].release(),
    whenHeld: (point = 'media') => gates[point].whenHeld(),
  };
}

/** What its file sounds like: compare `tones(soundOf(video))` with `hearTones(mp3)`. */
export const soundOf = (of: Pick<Video, 'id' | 'durationSeconds'>): Sound => ({
  id: of.id,
  seconds: of.durationSeconds,
});
