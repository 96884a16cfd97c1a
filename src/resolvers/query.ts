// Everything that can be read. Each field parses, calls a use case, and returns.

import { fromGlobalId } from './globalId.ts';
import type {
  JobConnectionResolvers,
  JobFilter,
  QueryResolvers,
  QueueStatsResolvers,
} from './types.generated.ts';

export const Query: QueryResolvers = {
  node: async (_, { id }, { queries, viewerId }) =>
    (await queries.findJobs(viewerId, [fromGlobalId(id)]))[0] ?? null,
  nodes: (_, { ids }, { queries, viewerId }) => queries.findJobs(viewerId, ids.map(fromGlobalId)),
  job: async (_, { id }, { queries, viewerId }) =>
    (await queries.findJobs(viewerId, [fromGlobalId(id)]))[0] ?? null,
  jobs: (_, { first, after, last, before, filter, orderBy }, { queries, viewerId }) =>
    queries.readHistory(
      viewerId,
      { first: first ?? null, after: after ?? null, last: last ?? null, before: before ?? null },
      toCriteria(filter ?? {}),
      orderBy,
    ),
  queueStats: (_, __, { queries }) => queries.readQueueStats(),
};

export const JobConnection: JobConnectionResolvers = {
  nodes: ({ edges }) => edges.map(({ node }) => node),
  pageInfo: ({ edges, hasNextPage, hasPreviousPage }) => ({
    hasNextPage,
    hasPreviousPage,
    startCursor: edges[0]?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  }),
  totalCount: ({ countAll }) => countAll(),
};

export const QueueStats: QueueStatsResolvers = {
  window: (_, { minutes }, { queries }) => queries.readQueueWindow(minutes),
  series: (_, { minutes }, { queries }) => queries.readQueueIntervals(minutes),
  failures: (_, { minutes }, { queries }) => queries.countFailures(minutes),
  workerList: (_, __, { queries }) => queries.readLivingWorkers(),
};

function toCriteria(filter: JobFilter) {
  return {
    statuses: filter.statuses ?? null,
    search: filter.search ?? null,
    sourceUrl: filter.sourceUrl ?? null,
    createdAfter: filter.createdAfter ?? null,
    createdBefore: filter.createdBefore ?? null,
  };
}
