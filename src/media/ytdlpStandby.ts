// One yt-dlp that has been started before it is needed, for half of what a site's answer takes is Python's own start.
// Each serves one attempt, as any other; who needs another kind, or a second one, starts it.

import { open, rename } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { dismiss } from './launch.ts';
import type { Launched } from './launch.ts';
import { orAbort } from './together.ts';
import { launchYtdlp } from './ytdlpLaunch.ts';
import type { YtdlpStart } from './ytdlpLaunch.ts';

/** Disposing ends the one that waits. */
export type YtdlpStandby = AsyncDisposable & {
  /**
   * Starts one, unless one waits already, and another in its place when it has waited for long: then the start is
   * asked for again. What goes wrong is told to `onError` alone.
   */
  prepare(start: () => Promise<YtdlpStart>): void;
  /**
   * The one that waits, at work in `folder` from now on, which has to be empty. Null when there is none, or it was
   * started otherwise. Throws the signal's reason when aborted.
   */
  take(start: YtdlpStart, folder: string, signal: AbortSignal): Promise<Launched | null>;
};

type Folder = AsyncDisposable & { readonly path: string };
type Waiting = {
  readonly start: YtdlpStart;
  readonly launched: Launched;
  readonly folder: Folder;
  /** Whether its folder may be renamed; false when that will never be known. */
  readonly ready: Promise<boolean>;
};

/** Before its folder counts as left behind, and so that it is of a recent version. */
const renewedAfterMs = 5 * 60 * 1_000;
/** Beyond it a start of one's own is quicker. */
const longestStartMs = 10_000;
/** What yt-dlp writes when it begins to read addresses. */
const invitation = /^Reading \w+ from STDIN/im;

export function createYtdlpStandby(options: {
  /** An empty folder on the file system of the work folders. */
  readonly openFolder: () => Promise<Folder>;
  readonly onError: (error: unknown) => void;
  /** Shorter in tests. */
  readonly longestWaitMs?: number;
}): YtdlpStandby {
  const { longestWaitMs = renewedAfterMs } = options;
  const ending = new Set<Promise<void>>();
  let waiting: Promise<Waiting | null> | null = null;
  let renewal: NodeJS.Timeout | undefined;
  let isDisposed = false;

  async function launch(start: YtdlpStart): Promise<Waiting | null> {
    if (!(await canBeMoved(start))) return null;
    const folder = await options.openFolder();
    try {
      // Its folder will be called otherwise, which only a sandbox does not see.
      const launched = await launchYtdlp(
        start,
        folder.path,
        start.ytdlp.sandbox ? folder.path : '.',
      );
      return { start, launched, folder, ready: whenReady(launched) };
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Nobody else gets it. */
  async function withdraw(): Promise<Waiting | null> {
    clearTimeout(renewal);
    const withdrawn = waiting;
    waiting = null;
    return await withdrawn;
  }

  function awaitAtEnd(work: Promise<void>): void {
    const settled = work.catch(options.onError).finally(() => ending.delete(settled));
    ending.add(settled);
  }

  /** Nobody waits for its end but who disposes. */
  function drop({ launched, folder }: Waiting): null {
    awaitAtEnd(dismiss(launched).then(() => folder[Symbol.asyncDispose]()));
    return null;
  }

  async function renew(makeStart: () => Promise<YtdlpStart>): Promise<void> {
    const old = await withdraw();
    prepare(makeStart);
    if (old !== null) drop(old);
  }

  function prepare(makeStart: () => Promise<YtdlpStart>): void {
    if (isDisposed || waiting !== null) return;
    waiting = makeStart()
      .then(launch)
      .catch((error: unknown) => {
        options.onError(error);
        return null;
      });
    renewal = setTimeout(() => awaitAtEnd(renew(makeStart)), longestWaitMs);
    renewal.unref();
  }

  return {
    prepare,
    async take(start, folder, signal) {
      const taken = await withdraw();
      if (taken === null) return null;
      if (!isAlike(taken.start, start)) return drop(taken);
      try {
        const isReady = await orAbort(taken.ready, signal);
        if (taken.launched.isOver()) throw new Error('a yt-dlp has ended while it waited');
        if (!isReady) throw new Error('a yt-dlp did not begin to read addresses');
        await rename(taken.folder.path, folder);
        return taken.launched;
      } catch (error) {
        drop(taken);
        signal.throwIfAborted();
        options.onError(error);
        return null;
      }
    },
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      const last = await withdraw();
      if (last !== null) drop(last);
      while (ending.size > 0) await Promise.all(ending);
    },
  };
}

/** A program that unpacks itself (PyInstaller's) looks for its parts where its folder was. */
async function canBeMoved({ ytdlp }: YtdlpStart): Promise<boolean> {
  if (ytdlp.sandbox) return true;
  await using program = await open(ytdlp.path);
  const { buffer } = await program.read(Buffer.alloc(2), 0, 2, 0);
  return buffer.toString('latin1') === '#!';
}

/** A sandbox is made of the folder's name: renamed before that, there would be none. */
function whenReady({ child, exited }: Launched): Promise<boolean> {
  const invited = Promise.withResolvers<boolean>();
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1');
    if (invitation.test(said)) invited.resolve(true);
  });
  const end = () => false;
  const late = delay(longestStartMs, false, { ref: false });
  return Promise.race([invited.promise, exited.then(end, end), late]);
}

/** Whether the one that was started has all that is wanted, to the very objects; what else is wanted is no start's. */
function isAlike(started: YtdlpStart, wanted: YtdlpStart): boolean {
  const names = Object.keys(started) as (keyof YtdlpStart)[];
  return names.every((name) => started[name] === wanted[name]);
}
