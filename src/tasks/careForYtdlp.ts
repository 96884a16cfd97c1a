// Keeps yt-dlp young by itself: fetch the newest, try it, switch, and step back when it does worse. Each step is told
// here by its name; how it is done is in src/media and src/services.

import { AttemptFailure } from '../domain/failure.ts';
import type { JobFailureCode } from '../domain/failure.ts';
import { isAnswer, isRefusal } from '../domain/lane.ts';
import type { Logger } from '../logger.ts';
import { fetchRelease, findNewestRelease } from '../media/ytdlpRelease.ts';
import type { Fetching } from '../media/ytdlpRelease.ts';
import type { YtdlpVersions } from '../media/ytdlpVersions.ts';
import type { YtdlpRecord } from '../services/ytdlpRecord.ts';

export type YtdlpCareOptions = {
  readonly versions: YtdlpVersions;
  readonly record: YtdlpRecord;
  readonly releasesUrl: string;
  /** How the release is reached; disposed after it. */
  readonly openWay: () => Promise<Fetching & AsyncDisposable>;
  /** The version in use, wherever it comes from. */
  readonly versionInUse: () => Promise<string>;
  /** Runs the program as a job would, on a video that is known to be there. Throws when it will not do. */
  readonly tryOut: (path: string, version: string) => Promise<void>;
  readonly logger: Logger;
};

export type YtdlpCare = {
  /** Fetches a newer version, when there is one and it does what the present one does. */
  update(): Promise<UpdateOutcome>;
  /** Steps back from a version that fails where the one before did not. */
  judge(): Promise<void>;
};

type UpdateOutcome =
  'updated' | 'newest already' | 'rejected' | 'not sure yet' | 'another process does it';

/** The record's name for the program that was installed with Tapedeck, whatever its version. */
export const installedVersion = 'installed';

export function careForYtdlp(options: YtdlpCareOptions): YtdlpCare {
  const { versions, record, logger } = options;

  async function update(): Promise<UpdateOutcome> {
    await using way = await options.openWay();
    const release = await findNewestRelease(options.releasesUrl, way);
    const { version } = release;
    const inUse = await options.versionInUse();
    // Versions are dates, so they compare as text.
    if (version <= inUse) return 'newest already';
    const rejection = await record.rejection(version);
    if (rejection !== null) return 'rejected';
    const path = await versions.install(version, await fetchRelease(release, way));
    try {
      await options.tryOut(path, version);
    } catch (error) {
      await versions.remove(version);
      // Broken off, by a stop of the worker for one, it was no trial.
      if (way.signal.aborted || isInconclusive(error)) {
        logger.info({ version, err: error }, 'yt-dlp could not be tried, and is left as it is');
        return 'not sure yet';
      }
      await record.reject(version, String(error));
      logger.warn({ version, err: error }, 'a new yt-dlp failed its trial');
      return 'rejected';
    }
    await versions.use(version);
    logger.info({ version, before: inUse }, 'yt-dlp updated');
    return 'updated';
  }

  return {
    update: async () => (await record.alone(update)) ?? 'another process does it',
    async judge() {
      const current = await versions.current();
      if (current === null) return;
      const previous = (await versions.previous()) ?? installedVersion;
      if (!(await record.isWorse(current, previous))) return;
      await record.alone(async () => {
        // Another process may have stepped back in the meantime.
        if ((await versions.current()) !== current) return;
        await record.reject(current, `it failed more often than ${previous}`);
        await versions.goBack();
        logger.warn(
          { version: current, back: previous },
          'yt-dlp rolled back: it failed too often',
        );
      });
    },
  };
}

const notItsFault: readonly JobFailureCode[] = [
  'NETWORK',
  'TIMED_OUT',
  'STORAGE_FULL',
  'SIGN_IN_REQUIRED',
];

/** The site, the way to it, or the canary itself (gone, private) says nothing about the program. */
function isInconclusive(error: unknown): boolean {
  if (!(error instanceof AttemptFailure)) return false;
  return isRefusal(error.code) || isAnswer(error.code) || notItsFault.includes(error.code);
}
