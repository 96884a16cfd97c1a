// What a player finds in an MP3 file, as ffprobe tells it. What the sound is like, sound.ts hears.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export type Mp3 = {
  readonly tags: Readonly<Record<string, string>>;
  /** Null without one. */
  readonly cover: { readonly width: number; readonly height: number } | null;
  readonly bitrateKbps: number;
  /** Bytes of each frame of sound: at a constant bitrate they differ by one at most. */
  readonly frameBytes: readonly number[];
};

/** Throws when the file is no MP3. */
export async function readMp3(path: string): Promise<Mp3> {
  const show = ['-show_format', '-show_streams', '-show_packets', '-of', 'json'];
  const { stdout } = await promisify(execFile)('ffprobe', ['-v', 'error', ...show, path], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const { format, streams, packets } = JSON.parse(stdout) as Probed;
  const sound = streams.find(({ codec_name: codec }) => codec === 'mp3');
  if (format.format_name !== 'mp3' || sound === undefined) throw new Error(`no MP3: ${stdout}`);
  const { width, height } = streams.find(({ codec_type: type }) => type === 'video') ?? {};
  return {
    tags: format.tags ?? {},
    cover: width === undefined || height === undefined ? null : { width, height },
    bitrateKbps: Math.round(Number(sound.bit_rate) / 1000),
    frameBytes: packets
      .filter(({ stream_index: stream }) => stream === sound.index)
      .map(({ size }) => Number(size)),
  };
}

type Probed = {
  format: { format_name: string; tags?: Record<string, string> };
  streams: {
    index: number;
    codec_type: string;
    codec_name: string;
    bit_rate?: string;
    width?: number;
    height?: number;
  }[];
  packets: { stream_index: number; size: string }[];
};
