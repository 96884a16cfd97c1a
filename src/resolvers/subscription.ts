// Everything that can be watched. Each stream yields functions that make a frame when the subscriber is ready
// for it; `resolve` calls them. No async generator here: one that waits cannot be returned, and leaks.

import { InvalidArgument } from '../services/invalidArgument.ts';
import { mostJobIds } from '../services/jobQueries.ts';
import type { JobFrame, JobsFrame } from '../services/watchJobs.ts';
import { fromGlobalId, toGlobalId } from './globalId.ts';
import type { QueueStatsModel } from './mappers.ts';
import type { SubscriptionResolvers } from './types.generated.ts';

export const Subscription: SubscriptionResolvers = {
  job: {
    subscribe: (_, { id, afterVersion }, { jobWatch, viewerId }) =>
      jobWatch.watchJob(viewerId, fromGlobalId(id), afterVersion ?? null),
    resolve: (takeFrame: () => JobFrame) => takeFrame(),
  },
  jobs: {
    subscribe: (_, { ids, activeOnly, briefSnapshot }, { jobWatch, viewerId }) => {
      if (ids && ids.length > mostJobIds) {
        throw new InvalidArgument(`\`ids\` may hold at most ${mostJobIds} ids.`);
      }
      const jobIds = ids?.map(fromGlobalId).filter((jobId) => jobId !== null) ?? null;
      return jobWatch.watchJobs(viewerId, { ids: jobIds, activeOnly, briefSnapshot });
    },
    resolve: (takeFrame: () => JobsFrame) => {
      const { isSnapshot, jobs, removedIds } = takeFrame();
      return { isSnapshot, jobs, removedIds: removedIds.map(toGlobalId) };
    },
  },
  queueStats: {
    subscribe: (_, __, { queueWatch }) => queueWatch.watchQueue(),
    resolve: (takeFrame: () => QueueStatsModel) => takeFrame(),
  },
};
