// What is: the real services on a real database, a store that remembers names only, and connections that fail when
// they are told to. `compare` holds it against the model, and every rule that holds at any time against both.

import { randomUUID } from 'node:crypto';
import { parseAllowedHosts } from '../../../src/domain/allowedHosts.ts';
import { transitions } from '../../../src/domain/job.ts';
import type { JobStatus } from '../../../src/domain/job.ts';
import type { Database } from '../../../src/db/pool.ts';
import { beatWorker } from '../../../src/db/workers.ts';
import { createAttempts } from '../../../src/services/attempts.ts';
import type { ClaimedAttempt } from '../../../src/services/attempt.ts';
import type { Attempts } from '../../../src/services/attempts.ts';
import { createRequests } from '../../../src/services/requests.ts';
import type { Requests } from '../../../src/services/requests.ts';
import { createUpkeep } from '../../../src/services/upkeep.ts';
import type { Upkeep } from '../../../src/services/upkeep.ts';
import type { FileKey, Storage } from '../../../src/storage.ts';
import type { Thumbnails } from '../../../src/thumbnails.ts';
import { fileOf, isActive } from './model.ts';
import type { Model } from './model.ts';

/** REFUSED: the next statement does not arrive. UNANSWERED: it is carried out, and its answer is lost. */
export type Fault = 'NONE' | 'REFUSED' | 'UNANSWERED';

export type World = AsyncDisposable & {
  readonly pool: Database;
  readonly requests: Requests;
  readonly attempts: Attempts;
  readonly upkeep: Upkeep;
  readonly files: Set<string>;
  readonly claimed: Map<object, ClaimedAttempt>;
  fail(next: Fault): void;
  /** Empties the database and puts the workers on record. */
  reset(workers: readonly string[]): Promise<void>;
  compare(model: Model): Promise<void>;
  /** Each job's story, from its creation to now, holds only allowed moves. Costs as much as all else together. */
  checkStories(): Promise<void>;
};

type SeenJob = {
  readonly id: string;
  readonly status: JobStatus;
  readonly version: number;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly workerId: string | null;
  readonly owners: string[];
  readonly queueJobs: { attempts: number; max_attempts: number; locked_by: string | null }[];
};

type Story = {
  readonly id: string;
  readonly status: JobStatus;
  readonly events: { readonly status: JobStatus; readonly attempt: number }[];
};

export function openWorld(pool: Database): World {
  let fault: Fault = 'NONE';
  const files = new Set<string>();
  const versions = new Map<string, number>();
  const faulty = withFaults(pool, () => {
    const now = fault;
    fault = 'NONE';
    return now;
  });
  const nameOf = ({ jobId, attempt }: FileKey) => `${jobId}.${attempt}`;
  const remove = async (key: FileKey) => void files.delete(nameOf(key));
  const storage = {
    removeArtifact: remove,
    removeFile: remove,
    async listFiles() {
      return [...files].map((name) => {
        const [jobId = '', attempt] = name.split('.');
        const key = { jobId, attempt: Number(attempt) };
        return { ...key, path: name, isPublished: true, modifiedAt: new Date(0) };
      });
    },
  } as unknown as Storage;
  const thumbnails = { list: async () => [] } as unknown as Thumbnails;
  const attempts = createAttempts({ pool: faulty, retentionHours: 24, onError: () => {} });

  return {
    ...{ pool, attempts, files, claimed: new Map() },
    requests: createRequests({
      pool: faulty,
      allowedHosts: parseAllowedHosts('').allowedHosts,
      hasArtifact: async (key) => files.has(nameOf(key)),
      removeFiles: remove,
    }),
    upkeep: createUpkeep({
      ...{ pool, storage, thumbnails, storeQuotaBytes: null, sourceCacheBytes: 0 },
    }),
    fail(next) {
      fault = next;
    },
    async reset(workers) {
      await pool.query(
        `delete from tapedeck.jobs; delete from tapedeck.workers; delete from graphile_worker._private_jobs`,
      );
      files.clear();
      versions.clear();
      for (const id of workers) await beatWorker(pool, { id, slots: 2 });
    },
    async compare(model) {
      const { rows } = await pool.query<SeenJob>({ name: 'snapshot', text: snapshot });
      checkRules(rows, versions);
      const seen = rows.map(describeSeen).toSorted();
      const wanted = model.jobs.map(describeModel).toSorted();
      equal('jobs', seen, wanted);
      equal('files', [...files].toSorted(), [...model.files, ...model.leftovers].toSorted());
      for (const job of rows.filter(({ status }) => status === 'QUEUED')) {
        const isForgotten = model.jobs.find(({ id }) => id === job.id)?.isForgotten === true;
        const isDelivered = job.queueJobs.some(
          (each) => each.locked_by !== null || each.attempts < each.max_attempts,
        );
        // One that was lost may be back before the sweep: who joins moves the job in its rounds.
        if (!isForgotten) equal(`the queue job of ${job.id}`, isDelivered, true);
      }
      for (const job of model.jobs.filter(({ status }) => status === 'SUCCEEDED')) {
        if (!model.files.has(fileOf(job)) && files.has(fileOf(job))) equal('file', true, false);
      }
      if (model.jobs.some((job) => isActive(job) && job.owners.size === 0)) {
        equal('an active job without an owner', true, false);
      }
    },
    async checkStories() {
      const { rows } = await pool.query<Story>(
        `select j.id, j.status, jsonb_agg(jsonb_build_object('status', e.status, 'attempt', e.attempt)
           order by e.version) as events
         from tapedeck.jobs j join tapedeck.job_events e on e.job_id = j.id group by j.id`,
      );
      for (const story of rows) checkStory(story);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(attempts[Symbol.asyncDispose]()),
  };
}

const snapshot = `
  select j.id, j.status, j.version, j.attempt, j.max_attempts as "maxAttempts", j.worker_id as "workerId",
    array(select owner_id from tapedeck.job_owners o where o.job_id = j.id order by 1) as owners,
    (select coalesce(jsonb_agg(jsonb_build_object('attempts', q.attempts, 'max_attempts', q.max_attempts,
       'locked_by', q.locked_by)), '[]') from graphile_worker._private_jobs q where q.key = j.id::text) as "queueJobs"
  from tapedeck.jobs j`;

/** What holds at any time, whatever was done. */
function checkRules(jobs: readonly SeenJob[], versions: Map<string, number>): void {
  for (const job of jobs) {
    const before = versions.get(job.id) ?? 0;
    if (job.version < before) equal(`the version of ${job.id}`, job.version, `≥ ${before}`);
    versions.set(job.id, job.version);
    if (job.owners.length === 0) equal(`the owners of ${job.id}`, 0, 'at least one');
    if (job.queueJobs.length > 1) equal(`the queue jobs of ${job.id}`, job.queueJobs.length, 1);
    if ((job.status === 'RUNNING') !== (job.workerId !== null)) {
      equal(`the worker of ${job.id}`, job.workerId, job.status);
    }
  }
}

/** A step may only be one that the machine allows, and the attempt, the fence, only rises. */
function checkStory({ id, status: present, events }: Story): void {
  events.forEach(({ status, attempt }, index) => {
    const last = events[index - 1];
    if (last === undefined) return equal('the first status', status, 'QUEUED');
    const isSame = status === last.status && status !== 'QUEUED';
    if (!isSame && !transitions[last.status].includes(status)) {
      equal(`the story of ${id}`, `${last.status} to ${status}`, 'an allowed move');
    }
    const isStart = last.status === 'QUEUED' && status === 'RUNNING';
    equal(`the attempt of ${id}`, attempt, last.attempt + (isStart ? 1 : 0));
  });
  equal(`the end of the story of ${id}`, events.at(-1)?.status, present);
}

function describeSeen({ id, status, attempt, maxAttempts, workerId, owners }: SeenJob): string {
  return [id, status, attempt, maxAttempts, workerId ?? '-', owners.join()].join(' ');
}

function describeModel(job: Model['jobs'][number]): string {
  const { id, status, attempt, maxAttempts, holder, owners } = job;
  return [id, status, attempt, maxAttempts, holder ?? '-', [...owners].toSorted().join()].join(' ');
}

/** jest's own would cost more than the database does: it is called a million times. */
export function equal(what: string, seen: unknown, wanted: unknown): void {
  const [one, other] = [JSON.stringify(seen), JSON.stringify(wanted)];
  if (one !== other) throw new Error(`${what}: ${one}, and not ${other}`);
}

export function newWorkerId(): string {
  return `worker ${randomUUID()}`;
}

/** What a pool does whose connection fails once, before or after the statement (in a transaction: its commit). */
function withFaults(pool: Database, takeFault: () => Fault): Database {
  const refused = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const unanswered = () => new Error('Connection terminated unexpectedly');
  const connect = async () => {
    const fault = takeFault();
    if (fault === 'REFUSED') throw refused();
    const client = await pool.connect();
    if (fault === 'NONE') return client;
    return {
      async query(text: string, values?: unknown[]) {
        const answer = await client.query(text, values);
        if (text === 'commit') throw unanswered();
        return answer;
      },
      release: () => client.release(),
    };
  };
  return new Proxy(pool, {
    get(target, name) {
      if (name === 'connect') return connect;
      if (name !== 'query') return Reflect.get(target, name) as unknown;
      return async (statement: string | { text: string }, values?: unknown[]) => {
        const text = typeof statement === 'string' ? statement : statement.text;
        // The fault is for what the test does, not for the board's own looks at the database.
        const fault = text.includes('readHeldAttempts') ? 'NONE' : takeFault();
        if (fault === 'REFUSED') throw refused();
        const answer = await pool.query(statement, values);
        if (fault === 'UNANSWERED') throw unanswered();
        return answer;
      };
    },
  });
}
