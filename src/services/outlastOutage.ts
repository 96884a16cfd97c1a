// How a task writes its state while the database may be away. It decides neither what is written nor what an answer
// means.

import { setTimeout as delay } from 'node:timers/promises';
import { isDatabaseUnavailable } from './unavailable.ts';

const firstPauseMs = 100;
const longestPauseMs = 2_000;
/** Classes of SQLSTATE that pass: transaction rollback, object in use; and a standby that is not yet primary. */
const passingCodes = /^(40|55)|^25006$/;

/** A process that is to stop does not wait for the database for ever: others rescue what it held. */
const patienceWhenStoppedMs = 14_000;

/**
 * Repeats a guarded write until the database answers. graphile-worker counts on a task that returns having
 * written its end: giving up here would lose the job's state with the outage.
 */
export async function outlastOutage<Result>(
  write: () => Promise<Result>,
  onError: (error: unknown) => void,
  whenStopped: () => number | null,
): Promise<Result> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await write();
    } catch (error) {
      // What another try cannot mend is our own mistake.
      const { code = '' } = error as { code?: string };
      if (!isDatabaseUnavailable(error) && !passingCodes.test(code)) throw error;
      onError(error);
      const stoppedAt = whenStopped();
      if (stoppedAt !== null && performance.now() - stoppedAt > patienceWhenStoppedMs) throw error;
      await delay(pauseMs);
    }
  }
}
