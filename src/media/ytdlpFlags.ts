// The command line of yt-dlp: hardened, and fitted to the version at hand. It starts nothing.
// youtube-dl-exec turns camelCase names into flags; a `false` or an empty value would be mangled there.

import type { Sandbox } from './sandbox.ts';

/** yt-dlp as found on this machine. */
export type YtDlp = {
  readonly path: string;
  /** As `yt-dlp --version` prints it: `2026.10.26`, nightly builds with a fourth number. */
  readonly version: string;
  /** Path of the Node that may run a site's scripts; null when this version does not know how. */
  readonly jsRuntime: string | null;
  /** What it runs in; it sees all that we see without one. */
  readonly sandbox?: Sandbox | null;
};

/** Which of yt-dlp's extractors may look at the URL. `youtube` makes no request for any other site. */
export type Extractors = 'youtube' | 'any';

/** Each line that we ask yt-dlp to print begins with one of these. */
export const marks = {
  /** What the site says, before anything is chosen or fetched. */
  found: '@found ',
  /** The same with the chosen format; the thumbnail is fetched next. */
  chosen: '@chosen ',
  /** The thumbnail is through, the sound comes next. */
  begin: '@begin',
  progress: '@progress ',
  /** The complete file has its name. */
  done: '@done',
} as const;

/** What the downloaded sound is called in the work folder. No part of it comes from the site. */
export const soundName = 'source';
/** The thumbnail's name, to which yt-dlp adds the format's ending. */
export const coverName = 'cover';

type Flags = Record<string, string | number | true | readonly string[]>;

/** The flags of the one yt-dlp run of an attempt. yt-dlp only extracts and downloads; it runs no ffmpeg. */
export function downloadFlags(options: {
  readonly ytdlp: YtDlp;
  readonly extractors: Extractors;
  readonly wantCover: boolean;
  readonly ownCertificates: boolean;
}): Flags {
  const { ytdlp } = options;
  return {
    // A yt-dlp.conf may hold `--exec`, and one would be read even from the work folder.
    ignoreConfig: true,
    noUpdate: true,
    // The address comes from stdin, which nobody else on the machine can read.
    batchFile: '-',
    noCacheDir: true,
    ...(options.extractors === 'youtube' && { useExtractors: 'youtube' }),
    noPlaylist: true,
    playlistItems: '1',
    ...(options.ownCertificates && { compatOptions: 'no-certifi' }),
    ...(ytdlp.jsRuntime !== null && { jsRuntimes: `node:${ytdlp.jsRuntime}` }),

    socketTimeout: 15,
    retries: 3,
    fragmentRetries: 3,
    extractorRetries: 2,
    fileAccessRetries: 1,
    // Its blocks grow with the speed, to 4 MiB: a source that then turns slow looked dead for minutes.
    bufferSize: '64K',
    noResizeBuffer: true,
    // Else a missing fragment is skipped, and the file is shorter with exit code 0.
    abortOnUnavailableFragments: true,

    // AAC in m4a decodes in half the time of Opus. `b*` comes last so that a video without any sound
    // is recognised as such, instead of as "format not available".
    format: 'ba[ext=m4a]/ba/b/b*',
    fixup: 'never',
    // A grandchild would survive `kill -9` of Node, so yt-dlp finds no ffmpeg to start.
    ffmpegLocation: './none',
    noMtime: true,
    output: [soundName, `thumbnail:${coverName}`],
    ...(options.wantCover && { writeThumbnail: true }),

    // --print alone would mean --simulate and --quiet. `j` is JSON on one line of ASCII: no title
    // can forge a line of ours.
    noSimulate: true,
    progress: true,
    newline: true,
    ...(knows(ytdlp, '2024.04.09') && { progressDelta: '0.1' }),
    progressTemplate: `download:${marks.progress}%(progress.{downloaded_bytes,total_bytes,total_bytes_estimate,speed,eta})j`,
    print: [
      `pre_process:${marks.found}%(.{duration,live_status,is_live,playlist_count})j`,
      `video:${marks.chosen}%(.{title,uploader,channel,artist,track,album,upload_date,duration,thumbnail,webpage_url,acodec,filesize,extractor,format_id})j`,
      `before_dl:${marks.begin}`,
      `after_move:${marks.done}`,
    ],
  };
}

/** Versions are dates, so they compare as text. */
function knows(ytdlp: YtDlp, since: string): boolean {
  return ytdlp.version.slice(0, since.length) >= since;
}
