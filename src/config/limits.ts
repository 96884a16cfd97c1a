// The settings of what one owner, one address and the queue may have. The figures are for strangers; open access, where
// nobody has to be fair to themselves, limits the queue alone, since Postgres would suffer.

import { z } from 'zod';
import type { AccessMode } from '../domain/access.ts';
import type { CostLimits, Limits } from '../domain/limits.ts';
import { bytesPerMegabyte, wholeNumber } from './numbers.ts';

/** 0 limits nothing; unset, it depends on ACCESS. */
const limit = wholeNumber(0, 1_000_000_000).optional();

export const limitSettings = z.object({
  REQUESTS_PER_MINUTE: limit,
  REQUESTS_PER_MINUTE_PER_ADDRESS: limit,
  MAX_ACTIVE_JOBS: limit,
  MAX_ACTIVE_JOBS_PER_ADDRESS: limit,
  MAX_STORED_MB: limit,
  MAX_STORED_MB_PER_ADDRESS: limit,
  MAX_QUEUED_JOBS: limit,
  COST_PER_MINUTE: limit,
  COST_PER_MINUTE_PER_ADDRESS: limit,
  OPERATIONS_PER_MINUTE_PER_ADDRESS: limit,
  MAX_SOCKETS: limit,
  MAX_STREAMS: limit,
  MAX_STREAMS_PER_ADDRESS: limit,
});

export type LimitsConfig = {
  readonly limits: Limits;
  readonly costLimits: CostLimits;
  /** Operations of any kind that one process takes from one address in a minute; null: any number. */
  readonly operationsPerMinute: number | null;
  /** Sockets and streams that one owner, and one address, may hold in one process; null: any number. */
  readonly maxSockets: number | null;
  readonly maxStreams: number | null;
  readonly maxStreamsPerAddress: number | null;
};

export function readLimits(
  values: z.infer<typeof limitSettings> & { readonly ACCESS: AccessMode },
): LimitsConfig {
  const choose = (given: number | undefined, shared: number, alone = 0): number | null =>
    (given ?? (values.ACCESS === 'open' ? alone : shared)) || null;
  const toBytes = (megabytes: number | null) => megabytes && megabytes * bytesPerMegabyte;
  return {
    limits: {
      ownerPerMinute: choose(values.REQUESTS_PER_MINUTE, 60),
      addressPerMinute: choose(values.REQUESTS_PER_MINUTE_PER_ADDRESS, 240),
      ownerActive: choose(values.MAX_ACTIVE_JOBS, 500),
      addressActive: choose(values.MAX_ACTIVE_JOBS_PER_ADDRESS, 2_000),
      ownerStoredBytes: toBytes(choose(values.MAX_STORED_MB, 10_240)),
      addressStoredBytes: toBytes(choose(values.MAX_STORED_MB_PER_ADDRESS, 40_960)),
      queued: choose(values.MAX_QUEUED_JOBS, 10_000, 100_000),
    },
    costLimits: {
      ownerPerMinute: choose(values.COST_PER_MINUTE, 120_000),
      addressPerMinute: choose(values.COST_PER_MINUTE_PER_ADDRESS, 480_000),
    },
    operationsPerMinute: choose(values.OPERATIONS_PER_MINUTE_PER_ADDRESS, 1_200),
    maxSockets: choose(values.MAX_SOCKETS, 20),
    maxStreams: choose(values.MAX_STREAMS, 200),
    maxStreamsPerAddress: choose(values.MAX_STREAMS_PER_ADDRESS, 1_000),
  };
}
