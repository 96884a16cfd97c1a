// What every resolver is given: who asks, and the use cases. The same for HTTP and WebSocket; one for each
// operation.

import type { Caller } from '../domain/access.ts';
import type { Allowance } from '../domain/limits.ts';
import type { FileLinks } from '../services/fileLinks.ts';
import type { JobQueries } from '../services/jobQueries.ts';
import type { Previews } from '../services/previews.ts';
import type { Requests } from '../services/requests.ts';
import type { JobWatch } from '../services/watchJobs.ts';
import type { QueueWatch } from '../services/watchQueue.ts';

export type Services = {
  readonly requests: Requests;
  readonly queries: JobQueries;
  readonly previews: Previews;
  readonly jobWatch: JobWatch;
  readonly queueWatch: QueueWatch;
  readonly fileLinks: FileLinks;
};

export type Context = Services &
  Caller & {
    /** Takes what is left of the caller's allowance, to be told beside the answer where that is possible. */
    readonly tellPoints?: (pointsLeft: number | undefined) => void;
    /** The same of what reading costs. */
    readonly tellCost?: (allowance: Allowance) => void;
  };
