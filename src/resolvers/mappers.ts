// What the services hand to the resolvers, for each object type whose shape in the schema is another.

import type { Job } from '../domain/job.ts';
import type { HistoryPage } from '../services/history.ts';
import type { JobQueries } from '../services/jobQueries.ts';

export type JobModel = Job;
export type JobConnectionModel = HistoryPage;
export type QueueStatsModel = Awaited<ReturnType<JobQueries['readQueueStats']>>;
