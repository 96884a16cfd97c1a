// Fetches the sound of one source with a single run of yt-dlp.
// It converts nothing: the file is whatever the site has, and only ffmpeg can tell if it is whole.

import { link, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { AttemptFailure } from '../domain/failure.ts';
import { watchDownload } from './downloadWatch.ts';
import type { DownloadWatch, WatchRequest } from './downloadWatch.ts';
import { classify } from './failures.ts';
import { attend } from './process.ts';
import { coverName, soundName } from './ytdlpFlags.ts';
import { launchYtdlp } from './ytdlpLaunch.ts';
import type { YtdlpStart } from './ytdlpLaunch.ts';
import type { FetchedMetadata } from './ytdlpOutput.ts';
import type { YtdlpStandby } from './ytdlpStandby.ts';

export type FetchRequest = WatchRequest &
  YtdlpStart & {
    /** Where one may have been started already; absent: a new one is started. */
    readonly standby?: Pick<YtdlpStandby, 'take'> | undefined;
    /** The canonical URL, built by src/domain; never a caller's text. */
    readonly url: string;
    /** Fresh, empty, mode 0700. */
    readonly folder: string;
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
    /** Called once, when the first bytes of the sound are there. */
    readonly onBegun: (source: BegunSource) => void;
  };

/** What is known when the first bytes of sound have come. */
export type BegunSource = {
  /** Where the file may be: it grows under the first name, and gets the last when it is whole. */
  readonly paths: readonly string[];
  /** The thumbnail as the site sent it, unchecked; null when there is none. */
  readonly coverPath: string | null;
  readonly metadata: FetchedMetadata;
};

export type FetchedSource = {
  readonly audioPath: string;
  /** As in BegunSource. */
  readonly coverPath: string | null;
  readonly metadata: FetchedMetadata;
};

/**
 * Downloads the best sound of the URL into the folder. Throws AttemptFailure, or the signal's reason
 * when aborted. The file may still be truncated or not be media at all.
 */
export async function fetchSource(request: FetchRequest): Promise<FetchedSource> {
  const startedAt = performance.now();
  const watch = watchDownload(request);
  try {
    return await fetchOnce(request, watch);
  } catch (error) {
    if (!request.wantCover || request.signal.aborted || !isCoversFault(error, watch)) throw error;
    for (const name of await readdir(request.folder)) await rm(join(request.folder, name));
    const timeoutMs = request.timeoutMs - (performance.now() - startedAt);
    const withoutCover: FetchRequest = {
      // The one that waits is for somebody who wants a cover.
      ...{ ...request, standby: undefined, wantCover: false },
      ...{ timeoutMs, onSource: () => {} },
    };
    return await fetchOnce(withoutCover, watchDownload(withoutCover));
  }
}

/**
 * A cover never fails a job, so the rare site whose thumbnail hangs, has no end, or takes the name
 * of the sound (which yt-dlp then believes to have already) is asked once more, without it.
 */
function isCoversFault(error: unknown, watch: DownloadWatch): boolean {
  const isMissing = error instanceof AttemptFailure && error.code === 'OUTPUT_INVALID';
  return watch.isFetchingCover() || (isMissing && watch.bytesDone() === 0);
}

async function fetchOnce(request: FetchRequest, watch: DownloadWatch): Promise<FetchedSource> {
  const { folder } = request;
  const audioPath = join(folder, soundName);
  let begun: Promise<BegunSource> | undefined;
  const begin = async (metadata: FetchedMetadata) => {
    const coverPath = request.wantCover ? await keepCover(folder) : null;
    const source = { paths: [`${audioPath}.part`, audioPath], coverPath, metadata };
    request.onBegun(source);
    return source;
  };
  const complaints: string[] = [];
  request.signal.throwIfAborted();
  const waiting = await request.standby?.take(request, folder, request.signal);
  const launched = waiting ?? (await launchYtdlp(request, folder));
  const exit = await attend(launched, {
    async *input() {
      yield Buffer.from(`${request.url}\n`);
    },
    timeoutMs: request.timeoutMs,
    signal: request.signal,
    onLine(line, stream) {
      if (stream === 'stdout') {
        watch.take(line);
        const metadata = watch.metadata();
        if (metadata === null || watch.bytesDone() === 0) return;
        begun ??= begin(metadata);
        // It is awaited below.
        begun.catch(() => {});
        return;
      }
      watch.touch();
      if (complaints.push(line) > 200) complaints.shift();
    },
    onTick: watch.checkPatience,
  });
  if (exit.exitCode !== 0) {
    const code = classify({ ...exit, lines: complaints }, 'INTERNAL');
    throw new AttemptFailure(code, { tool: 'yt-dlp', ...exit });
  }
  // Exit code 0 is not success: yt-dlp has many ways to skip a file.
  const file = await lstat(audioPath).catch(() => null);
  const metadata = watch.metadata();
  if (!watch.isDone() || metadata === null || !file?.isFile() || file.size === 0) {
    throw new AttemptFailure('OUTPUT_INVALID', { tool: 'yt-dlp', ...exit, sizeBytes: file?.size });
  }
  // A tiny sound may be through without a word of progress.
  const { coverPath } = await (begun ?? begin(metadata));
  return { audioPath, coverPath, metadata };
}

/**
 * While yt-dlp runs, the thumbnail is called like the sound, with an ending of its own; in the end like the
 * cover. It gets a name that stays.
 */
async function keepCover(folder: string): Promise<string | null> {
  const kept = join(folder, 'thumbnail');
  // The second look finds what was renamed during the first.
  for (let look = 0; look < 2; look += 1) {
    const name = (await readdir(folder)).find((each) => isThumbnail.test(each));
    if (name === undefined) return null;
    const path = join(folder, name);
    const found = await lstat(path).catch(() => null);
    // A picture without an end was cut by the limit of the sound's size, and is left lying there.
    if (found !== null && found.size > maxCoverBytes) return null;
    const isKept = await link(path, kept).then(
      () => true,
      () => false,
    );
    if (isKept) return kept;
  }
  return null;
}

const maxCoverBytes = 20_000_000;
const isThumbnail = new RegExp(`^(?:${coverName}|${soundName})\\.(?!part|ytdl|temp)\\w+$`);
