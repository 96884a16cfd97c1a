// Listening to an MP3 that is still being made, by whichever process makes it: all that is shared is the row and the
// folder. It sends what is there and waits for more; it ends in good order only when the MP3 is whole.

import { setTimeout as delay } from 'node:timers/promises';
import { findJobByPreviewToken } from '../db/jobs.ts';
import type { Queryable } from '../db/pool.ts';
import type { Job } from '../domain/job.ts';
import type { FileKey, Storage } from '../storage.ts';
import { isDatabaseUnavailable } from './unavailable.ts';

/** The MP3 will not be finished by this attempt: who listens must not take what was heard for all of it. */
class PreviewBroken extends Error {
  constructor() {
    super('the attempt that is listened to has ended without its MP3');
    this.name = 'PreviewBroken';
  }
}

export type Preview = {
  readonly job: Job;
  /** Its bytes from the start; throws PreviewBroken. Null when the job has ended: its file is to be asked for. */
  readonly sound: AsyncGenerator<Buffer> | null;
};

export type Previews = {
  /** Null when there is nothing to hear under this token. `left` aborts when the listener leaves. */
  open(token: string, left: AbortSignal): Promise<Preview | null>;
};

/** How long a listener who has heard everything waits for more. An encoder is some fifty times faster than a player. */
const pauseMs = 200;

export function createPreviews({ db, storage }: { db: Queryable; storage: Storage }): Previews {
  // Opened here and not before: a generator that nobody starts would never close it.
  async function* listen(token: string, key: FileKey, left: AbortSignal) {
    await using mp3 = await storage.openGrowing(key);
    if (mp3 === null) throw new PreviewBroken();
    let position = 0;
    // A generator that waits hears of no return(): only the signal ends it while nothing comes.
    while (!left.aborted) {
      // In this order: what was written before the job's end is read after it is known.
      const state = await stateOf(token, key.attempt);
      const place = await mp3.locate();
      for (;;) {
        const chunk = await mp3.read(position);
        if (chunk.length === 0) break;
        position += chunk.length;
        yield chunk;
      }
      if (state === 'succeeded' && place === 'stored') return;
      if (state === 'ended' || place === 'gone') throw new PreviewBroken();
      await delay(pauseMs);
    }
  }

  async function stateOf(token: string, attempt: number) {
    try {
      const job = await findJobByPreviewToken(db, token);
      if (job?.attempt !== attempt) return 'ended';
      if (job.status === 'SUCCEEDED') return 'succeeded';
      return job.status === 'RUNNING' ? 'running' : 'ended';
    } catch (error) {
      // Conversions outlast it, and so does who listens.
      if (isDatabaseUnavailable(error)) return 'running';
      throw error;
    }
  }

  return {
    async open(token, left) {
      const job = await findJobByPreviewToken(db, token);
      if (job === null) return null;
      if (job.status !== 'RUNNING') return { job, sound: null };
      const key = { jobId: job.id, attempt: job.attempt };
      return (await storage.isGrowing(key)) ? { job, sound: listen(token, key, left) } : null;
    },
  };
}
