// One yt-dlp that has been started before it is needed, for half of what a site's answer takes is Python's own start.
// Each serves one attempt, as any other; who needs another kind, or a second one, starts it.

import { rename } from 'node:fs/promises';
import { dismiss } from './launch.ts';
import type { Launched } from './launch.ts';
import { launchYtdlp } from './ytdlpLaunch.ts';
import type { YtdlpStart } from './ytdlpLaunch.ts';

/** Disposing ends the one that waits. */
export type YtdlpStandby = AsyncDisposable & {
  /** Starts one like this, unless one waits already. What goes wrong is told to `onError` alone. */
  prepare(start: YtdlpStart): void;
  /**
   * The one that waits, at work in `folder` from now on, which has to be empty. Null when there is none, or it was
   * started otherwise.
   */
  take(start: YtdlpStart, folder: string): Promise<Launched | null>;
};

type Folder = AsyncDisposable & { readonly path: string };
type Waiting = { readonly start: YtdlpStart; readonly launched: Launched; readonly folder: Folder };

/** Before its folder counts as left behind, and before what it has not read yet of itself is replaced by an update. */
const renewedAfterMs = 5 * 60 * 1_000;

export function createYtdlpStandby(options: {
  /** An empty folder on the file system of the work folders. */
  readonly openFolder: () => Promise<Folder>;
  readonly onError: (error: unknown) => void;
  /** Shorter in tests. */
  readonly longestWaitMs?: number;
}): YtdlpStandby {
  const { longestWaitMs = renewedAfterMs } = options;
  let waiting: Promise<Waiting | null> | null = null;
  let renewal: NodeJS.Timeout | undefined;
  let renewing: Promise<void> | undefined;
  let isDisposed = false;

  async function open(start: YtdlpStart): Promise<Waiting | null> {
    try {
      const folder = await options.openFolder();
      return { start, launched: await launchYtdlp(start, folder.path), folder };
    } catch (error) {
      options.onError(error);
      return null;
    }
  }

  /** Nobody else gets it. */
  async function withdraw(): Promise<Waiting | null> {
    clearTimeout(renewal);
    const withdrawn = waiting;
    waiting = null;
    return await withdrawn;
  }

  async function drop({ launched, folder }: Waiting): Promise<void> {
    await dismiss(launched);
    await folder[Symbol.asyncDispose]();
  }

  async function renew(start: YtdlpStart): Promise<void> {
    const old = await withdraw();
    prepare(start);
    if (old !== null) await drop(old);
  }

  function prepare(start: YtdlpStart): void {
    if (isDisposed || waiting !== null) return;
    waiting = open(start);
    renewal = setTimeout(() => {
      renewing = renew(start);
    }, longestWaitMs);
    renewal.unref();
  }

  return {
    prepare,
    async take(start, folder) {
      const taken = await withdraw();
      if (taken === null) return null;
      if (!isAlike(taken.start, start) || taken.launched.isOver()) {
        await drop(taken);
        return null;
      }
      try {
        await rename(taken.folder.path, folder);
      } catch (error) {
        options.onError(error);
        await drop(taken);
        return null;
      }
      return taken.launched;
    },
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      const last = await withdraw();
      if (last !== null) await drop(last);
      await renewing;
    },
  };
}

function isAlike(one: YtdlpStart, other: YtdlpStart): boolean {
  return (Object.keys(one) as (keyof YtdlpStart)[]).every((key) => one[key] === other[key]);
}
