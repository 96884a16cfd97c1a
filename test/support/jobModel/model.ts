// What ought to be: the rules of a job's life once more, in the plainest words, without a database. Where this and
// the real one differ, one of them is wrong. It predicts; commands.ts does and world.ts looks.

import type { JobStatus } from '../../../src/domain/job.ts';

export type ModelJob = {
  readonly id: string;
  /** Which video. */
  readonly identity: number;
  status: JobStatus;
  attempt: number;
  maxAttempts: number;
  readonly owners: Set<string>;
  /** The worker that holds its attempt; null unless RUNNING. */
  holder: string | null;
  /** Its queue job was lost: it waits for the sweep. */
  isForgotten: boolean;
};

/** A queue job that a worker has fetched, and the attempt that came of it. */
export type Delivery = {
  readonly jobId: string;
  readonly queueJobId: string;
  readonly workerId: string;
  /** Null until it was claimed. */
  attempt: number | null;
};

export type Model = {
  readonly jobs: ModelJob[];
  /** By owner and key. */
  readonly keys: Map<string, { readonly jobId: string; readonly asked: string }>;
  /** Fetched and not settled yet; those of dead workers too, for they may only be frozen. */
  readonly deliveries: Delivery[];
  /** MP3s in the store, as `job.attempt`. */
  readonly files: Set<string>;
  /** Files that a crash left, and that the sweep is to find. */
  readonly leftovers: Set<string>;
  readonly living: Set<string>;
};

export const attemptsAllowed = 5;

export function newModel(workers: readonly string[]): Model {
  return {
    ...{ jobs: [], keys: new Map(), deliveries: [] },
    ...{ files: new Set(), leftovers: new Set(), living: new Set(workers) },
  };
}

export const fileOf = (job: Pick<ModelJob, 'id' | 'attempt'>) => `${job.id}.${job.attempt}`;
export const isActive = ({ status }: ModelJob) => status === 'QUEUED' || status === 'RUNNING';
export const findJob = (model: Model, id: string) => model.jobs.find((job) => job.id === id);

export function holdsAttempt(model: Model, { jobId, attempt }: Delivery): ModelJob | null {
  const job = findJob(model, jobId);
  return job?.status === 'RUNNING' && job.attempt === attempt ? job : null;
}

export type Predicted =
  | { readonly outcome: 'CREATED' | 'IDEMPOTENCY_KEY_REUSED'; readonly among: null }
  | { readonly outcome: 'JOINED' | 'REUSED' | 'REPLAYED'; readonly among: readonly ModelJob[] };

/** What a request has to be answered with; of several finished jobs any may answer. */
export function predictRequest(
  model: Model,
  asked: { owner: string; identity: number; mayReuse: boolean; key: string | null },
): Predicted {
  const known = asked.key === null ? undefined : model.keys.get(`${asked.owner} ${asked.key}`);
  if (known !== undefined) {
    if (known.asked !== textOf(asked)) return { outcome: 'IDEMPOTENCY_KEY_REUSED', among: null };
    return { outcome: 'REPLAYED', among: model.jobs.filter(({ id }) => id === known.jobId) };
  }
  const twins = model.jobs.filter(({ identity }) => identity === asked.identity);
  const kept = twins.filter((job) => job.status === 'SUCCEEDED' && model.files.has(fileOf(job)));
  if (asked.mayReuse && kept.length > 0) return { outcome: 'REUSED', among: kept };
  const active = twins.filter(isActive);
  if (active.length > 0) return { outcome: 'JOINED', among: active };
  return { outcome: 'CREATED', among: null };
}

export function textOf({ identity, mayReuse }: { identity: number; mayReuse: boolean }): string {
  return `${identity} ${mayReuse}`;
}

/** The owner is off the job, and so are the keys that stood for it. */
export function leave(model: Model, job: ModelJob, owner: string): void {
  job.owners.delete(owner);
  for (const [name, { jobId }] of model.keys) {
    if (jobId === job.id && name.startsWith(`${owner} `)) model.keys.delete(name);
  }
}

export function queue(job: ModelJob): void {
  job.status = 'QUEUED';
  job.holder = null;
  job.isForgotten = false;
}

export function end(job: ModelJob, status: 'SUCCEEDED' | 'FAILED' | 'CANCELED'): void {
  job.status = status;
  job.holder = null;
}
