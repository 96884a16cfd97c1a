// Watches one run of yt-dlp by what it prints: passes on news, and ends the run, by throwing, when the
// source is not to be had. It reads lines and clocks only; ytdlp.ts owns the process and the files.

import { performance } from 'node:perf_hooks';

import { AttemptFailure } from '../domain/failure.ts';
import { marks } from './ytdlpFlags.ts';
import { parseOutputLine, refusal } from './ytdlpOutput.ts';
import type { DownloadProgress, FetchedMetadata, OutputLine } from './ytdlpOutput.ts';

/** Silence or standstill after which the connection counts as dead; socket time-outs are 15 s a try. */
const stallMs = 60_000;
/** How long the thumbnail may take before the sound is fetched without it. */
const coverMs = 20_000;

export type WatchRequest = {
  readonly limits: { readonly maxDurationSeconds: number; readonly maxFilesizeBytes: number };
  readonly wantCover: boolean;
  /** Shorter in tests. */
  readonly patience?: { readonly stallMs: number; readonly coverMs: number };
  /**
   * Called once, as soon as the site told about the source. `sizeBytes` is null when it does not say; a thrown
   * error ends the run.
   */
  readonly onSource: (metadata: FetchedMetadata, sizeBytes: number | null) => void;
  /** Called up to ten times a second, by old versions of yt-dlp more often. */
  readonly onProgress: (progress: DownloadProgress) => void;
};

export type DownloadWatch = {
  /** Takes in a line of stdout. Throws AttemptFailure when it shows that the end has come. */
  readonly take: (line: string) => void;
  /** A line of stderr is a sign of life and no more: a site's own words come there, marks and all. */
  readonly touch: () => void;
  /** To be called each second or so. Throws NETWORK when nothing moves any more. */
  readonly checkPatience: () => void;
  readonly metadata: () => FetchedMetadata | null;
  readonly isFetchingCover: () => boolean;
  /** yt-dlp said that the file is complete. */
  readonly isDone: () => boolean;
  readonly bytesDone: () => number;
};

/** A watch for one run, from now on. */
export function watchDownload(request: WatchRequest): DownloadWatch {
  const { maxDurationSeconds, maxFilesizeBytes } = request.limits;
  const patience = request.patience ?? { stallMs, coverMs };
  let metadata: FetchedMetadata | null = null;
  let coverSince: number | null = null;
  let isDone = false;
  let bytesDone = 0;
  let movedAt = performance.now();

  const touch = () => {
    movedAt = performance.now();
  };
  const refuseSize = (bytes: number) => {
    if (bytes > maxFilesizeBytes) {
      throw new AttemptFailure('TOO_LARGE', { bytes, maxFilesizeBytes });
    }
  };
  const heed = (said: OutputLine) => {
    switch (said.kind) {
      case 'found': {
        const code = refusal(said.found, maxDurationSeconds);
        if (code !== null) throw new AttemptFailure(code, { ...said.found, maxDurationSeconds });
        break;
      }
      case 'chosen':
        if (!said.mayHaveSound) throw new AttemptFailure('NO_AUDIO');
        refuseSize(said.sizeBytes ?? 0);
        metadata = said.metadata;
        if (request.wantCover) coverSince = performance.now();
        request.onSource(metadata, said.sizeBytes);
        break;
      case 'begin':
        coverSince = null;
        break;
      case 'progress':
        // --max-filesize does nothing for a body of unannounced length, or for fragments.
        refuseSize(Math.max(said.exactTotal ?? 0, said.progress.bytesDone));
        if (said.progress.bytesDone > bytesDone) touch();
        bytesDone = Math.max(bytesDone, said.progress.bytesDone);
        request.onProgress(said.progress);
        break;
      case 'done':
        isDone = true;
        break;
    }
  };

  return {
    touch,
    take(line) {
      if (!line.startsWith(marks.progress)) touch();
      const said = parseOutputLine(line);
      if (said !== null) heed(said);
    },
    checkPatience() {
      const now = performance.now();
      if (coverSince !== null && now - coverSince > patience.coverMs) {
        throw new AttemptFailure('NETWORK', { stalled: 'cover', ...patience });
      }
      if (now - movedAt > patience.stallMs) {
        throw new AttemptFailure('NETWORK', { stalled: 'source', bytesDone, ...patience });
      }
    },
    metadata: () => metadata,
    isFetchingCover: () => coverSince !== null,
    isDone: () => isDone,
    bytesDone: () => bytesDone,
  };
}
