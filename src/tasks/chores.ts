// The scheduled tasks and their crontab. What they do is in src/services/upkeep.ts; each is safe to run twice.

import type { TaskList } from 'graphile-worker';
import type { Logger } from '../logger.ts';
import type { Upkeep } from '../services/upkeep.ts';
import type { YtdlpCare } from './careForYtdlp.ts';

/** In UTC, by the minute; missed runs need no catching up. https://worker.graphile.org/docs/cron */
export const crontab = `
* * * * * expireArtifacts ?max=3
* * * * * sweepLeftovers ?max=3
* * * * * trimSources ?max=3
*/5 * * * * judgeYtdlp ?max=1
23 4 * * * updateYtdlp ?max=5
`;

/** `onEnd` is told of each run, the failed ones too; graphile-worker runs those again. */
export function createChores(
  upkeep: Upkeep,
  /** Null when yt-dlp is not ours to replace. */
  ytdlpCare: YtdlpCare | null,
  logger: Logger,
  onEnd: (chore: string, isSuccess: boolean) => void,
): TaskList {
  const chores: TaskList = {
    async expireArtifacts() {
      const removed = await upkeep.expireArtifacts();
      if (removed.due + removed.overQuota > 0) logger.info(removed, 'expired MP3s removed');
    },
    async sweepLeftovers() {
      const found = await upkeep.sweepLeftovers();
      if (found.forgottenJobs + found.files > 0) logger.warn(found, 'leftovers put right');
    },
    async trimSources() {
      const removed = await upkeep.trimSources();
      if (removed > 0) logger.info({ removed }, 'kept sources removed');
    },
    async judgeYtdlp() {
      await ytdlpCare?.judge();
    },
    async updateYtdlp() {
      if (ytdlpCare === null) return;
      logger.info({ outcome: await ytdlpCare.update() }, 'yt-dlp was looked after');
    },
  };
  return Object.fromEntries(
    Object.entries(chores).map(([name, chore]) => [name, watched(name, chore, onEnd)]),
  );
}

function watched(
  name: string,
  chore: TaskList[string],
  onEnd: (chore: string, isSuccess: boolean) => void,
): TaskList[string] {
  return async (payload, helpers) => {
    let isSuccess = false;
    try {
      await chore?.(payload, helpers);
      isSuccess = true;
    } finally {
      onEnd(name, isSuccess);
    }
  };
}
