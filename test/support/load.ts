// Callers who ask and ask: what was accepted, and what they were told when nothing was. Used while something breaks.

import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionResult } from 'graphql';
import { newVideoId } from './jobStates.ts';
import { send } from './graphql.ts';

export type Load = {
  /** Global ids of the jobs that were accepted. */
  readonly accepted: string[];
  /** What each refused call was told, and after how long. */
  readonly refused: { readonly code: string; readonly tookMs: number }[];
  /** Asks nothing more; resolves when the last call is answered. */
  stop(): Promise<void>;
};

const request = `mutation ($url: String!) {
  requestMp3(url: $url, options: { embedThumbnail: false }) { job { id } userErrors { code } } }`;

/** Asks for a new video each `everyMs`, whatever becomes of the others. */
export function startLoad(url: () => string, everyMs: number): Load {
  const stopped = new AbortController();
  const calls = new Set<Promise<void>>();
  const load: Load = {
    ...{ accepted: [], refused: [] },
    async stop() {
      stopped.abort();
      await running;
      await Promise.all(calls);
    },
  };

  async function call(): Promise<void> {
    const startedAt = performance.now();
    const refuse = (code: string) => {
      load.refused.push({ code, tookMs: performance.now() - startedAt });
    };
    const answer = await send(url(), request, { url: `https://youtu.be/${newVideoId()}` }).catch(
      (error: unknown): ExecutionResult<any> => ({
        errors: [{ extensions: { code: String((error as Error).cause ?? error) } } as never],
      }),
    );
    const code = answer.errors?.[0]?.extensions['code'] as string | undefined;
    if (code !== undefined) return refuse(code);
    const { job, userErrors } = answer.data.requestMp3;
    if (job === null) refuse(userErrors[0]?.code);
    else load.accepted.push(job.id);
  }

  const running = (async () => {
    while (!stopped.signal.aborted) {
      const calling = call().finally(() => calls.delete(calling));
      calls.add(calling);
      await pause(everyMs, undefined, { signal: stopped.signal }).catch(() => {});
    }
  })();
  return load;
}
