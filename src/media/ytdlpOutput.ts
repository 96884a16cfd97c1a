// Reads the lines that ytdlpFlags.ts makes yt-dlp print. Everything in them comes from a stranger:
// each field is checked, bounded and cleaned here, and missing ones are null.

import type { JobFailureCode } from '../domain/failure.ts';
import type { SourceMetadata } from '../domain/job.ts';
import { withoutControls } from './lines.ts';
import { marks } from './ytdlpFlags.ts';

/** How far the download is. All null where the site does not say, or nothing is known yet. */
export type DownloadProgress = {
  readonly bytesDone: number;
  readonly bytesTotal: number | null;
  readonly bytesPerSecond: number | null;
  readonly etaSeconds: number | null;
};

/** What the site says about the source, and what the tags need beyond that. */
export type FetchedMetadata = SourceMetadata & {
  readonly artist: string | null;
  readonly track: string | null;
  readonly album: string | null;
  /** `YYYYMMDD`. */
  readonly uploadDate: string | null;
};

/** What the site says before anything is fetched; enough to refuse. */
export type Found = {
  readonly durationSeconds: number | null;
  readonly liveStatus: string | null;
  readonly playlistCount: number | null;
};

export type OutputLine =
  | { readonly kind: 'found'; readonly found: Found }
  | {
      readonly kind: 'chosen';
      readonly metadata: FetchedMetadata;
      /** False only when the site says that there is no sound at all. */
      readonly mayHaveSound: boolean;
      readonly sizeBytes: number | null;
    }
  | { readonly kind: 'begin' }
  | {
      readonly kind: 'progress';
      readonly progress: DownloadProgress;
      /** The announced size; unlike `bytesTotal` never an estimate. */
      readonly exactTotal: number | null;
    }
  | { readonly kind: 'done' };

/** What one line of stdout says; null for a line that is not ours. */
export function parseOutputLine(line: string): OutputLine | null {
  if (line === marks.begin) return { kind: 'begin' };
  if (line === marks.done) return { kind: 'done' };
  if (line.startsWith(marks.found)) {
    const fields = parseFields(line.slice(marks.found.length));
    return fields && { kind: 'found', found: parseFound(fields) };
  }
  if (line.startsWith(marks.chosen)) {
    const fields = parseFields(line.slice(marks.chosen.length));
    return (
      fields && {
        kind: 'chosen',
        metadata: parseMetadata(fields),
        mayHaveSound: fields['acodec'] !== 'none',
        sizeBytes: amount(fields['filesize']),
      }
    );
  }
  if (line.startsWith(marks.progress)) {
    const fields = parseFields(line.slice(marks.progress.length));
    return fields && parseProgress(fields);
  }
  return null;
}

/** Why the source is refused before the download; null when it is welcome. */
export function refusal(found: Found, maxDurationSeconds: number): JobFailureCode | null {
  if (found.liveStatus === 'is_upcoming') return 'UPCOMING';
  // post_live: just ended, and not yet a file that holds still.
  if (found.liveStatus === 'is_live' || found.liveStatus === 'post_live') return 'LIVE_STREAM';
  if (found.playlistCount !== null && found.playlistCount > 1) return 'UNSUPPORTED_SITE';
  if (found.durationSeconds !== null && found.durationSeconds > maxDurationSeconds) {
    return 'TOO_LONG';
  }
  return null;
}

type Fields = Readonly<Record<string, unknown>>;

function parseFields(json: string): Fields | null {
  try {
    const value: unknown = JSON.parse(json);
    return value !== null && typeof value === 'object' ? (value as Fields) : null;
  } catch {
    return null; // cut because it was too long, which no honest line is
  }
}

function parseFound(fields: Fields): Found {
  const liveStatus = fields['is_live'] === true ? 'is_live' : text(fields['live_status'], 20);
  return {
    durationSeconds: amount(fields['duration']),
    liveStatus,
    playlistCount: amount(fields['playlist_count']),
  };
}

function parseMetadata(fields: Fields): FetchedMetadata {
  const uploader = text(fields['uploader'], 300) ?? text(fields['channel'], 300);
  const uploadDate = text(fields['upload_date'], 8);
  return {
    title: text(fields['title'], 1000),
    uploader,
    durationSeconds: amount(fields['duration']),
    thumbnailUrl: httpUrl(fields['thumbnail']),
    // Channels that YouTube Music makes for artists are called "<artist> - Topic".
    artist: text(fields['artist'], 300) ?? uploader?.replace(/ - Topic$/, '') ?? null,
    track: text(fields['track'], 300),
    album: text(fields['album'], 300),
    uploadDate: uploadDate !== null && /^\d{8}$/.test(uploadDate) ? uploadDate : null,
  };
}

function parseProgress(fields: Fields): OutputLine {
  const exactTotal = amount(fields['total_bytes']);
  return {
    kind: 'progress',
    exactTotal,
    progress: {
      bytesDone: amount(fields['downloaded_bytes']) ?? 0,
      bytesTotal: exactTotal ?? amount(fields['total_bytes_estimate']),
      bytesPerSecond: amount(fields['speed']),
      etaSeconds: amount(fields['eta']),
    },
  };
}

function amount(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

/** One line of printable, well-formed text (Postgres stores no NUL), at most `max` UTF-16 units. */
function text(value: unknown, max: number): string | null {
  if (typeof value !== 'string') return null;
  const line = withoutControls(value.replace(/\s+/g, ' ')).trim();
  return line === '' ? null : line.slice(0, max).toWellFormed();
}

function httpUrl(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 2048) return null;
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) ? url.href : null;
}
