// The resolver map. A type that is not here needs none: its model already has the schema's shape.

import { guarded } from './guard.ts';
import { Job } from './job.ts';
import { Mutation } from './mutation.ts';
import { JobConnection, Query, QueueStats } from './query.ts';
import { DateTime, SafeInt, URL } from './scalars.ts';
import { Subscription } from './subscription.ts';
import type { Resolvers } from './types.generated.ts';

export const resolvers: Resolvers = {
  DateTime,
  SafeInt,
  URL,
  Node: { __resolveType: () => 'Job' },
  Query: guarded('read', Query),
  Mutation: guarded('request', Mutation),
  Subscription: guarded('read', Subscription),
  Job,
  JobConnection,
  QueueStats,
};
