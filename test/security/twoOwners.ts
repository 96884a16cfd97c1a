// One server and two of its owners: one has jobs in every state that there is something to win of, the other is after
// them. What is tried is in attacks/.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { expect } from '@jest/globals';
import { recordPreview, recordThumbnail } from '../../src/db/attempts.ts';
import type { AccessMode } from '../../src/domain/access.ts';
import { openKeyring, secretsFile } from '../../src/secrets.ts';
import type { Keyring } from '../../src/secrets.ts';
import { createFileLinks } from '../../src/services/fileLinks.ts';
import type { FileLinks } from '../../src/services/fileLinks.ts';
import { createStorage } from '../../src/storage.ts';
import { createThumbnails } from '../../src/thumbnails.ts';
import { failJob, queueJob, runJob, succeedJob } from '../support/jobStates.ts';
import type { MadeJob } from '../support/jobStates.ts';
import type { Visitor } from '../support/visitor.ts';
import type { Answer, Target } from './attack.ts';
import { startTarget } from './target.ts';

type ForeignJobs = Readonly<Record<'queued' | 'running' | 'failed' | 'succeeded', MadeJob>>;

/** Addresses as the owner of the jobs is told them. */
type ForeignLinks = Readonly<Record<'file' | 'preview' | 'thumbnail', string>>;

export type TwoOwners = Target & {
  readonly mode: AccessMode;
  /** Whose jobs the attacks are after. */
  readonly owner: Visitor;
  readonly foreign: ForeignJobs;
  readonly links: ForeignLinks;
  /** Who attacks: the server knows them, and they have a job too. */
  readonly stranger: Visitor;
  readonly own: MadeJob;
};

type Parties = {
  readonly owner: Visitor;
  readonly stranger: Visitor;
  /** How the database calls a visitor. */
  readonly ownerIdOf: (visitor: Visitor) => string;
  /** Others who have the stranger's job too. */
  readonly partners?: readonly Visitor[];
};

/** A server that asks who calls: a process of its own, whose log tells everything. */
export async function startAsking(stack: AsyncDisposableStack, mode: AccessMode): Promise<Target> {
  return startTarget(stack, { ACCESS: mode, LOG_LEVEL: 'trace' });
}

export async function makeTwoOwners<Asking extends Target>(
  target: Asking,
  mode: AccessMode,
  { owner, stranger, ownerIdOf, partners = [] }: Parties,
): Promise<Asking & TwoOwners> {
  const { database, dataFolder } = target;
  const storage = await createStorage(dataFolder);
  const workshop = { app: { pool: database.pool, storage } };
  const ownerId = ownerIdOf(owner);
  const running = await runJob(workshop, { ownerId });
  await writeFile((await storage.openWorkFolder(running)).mp3Path, 'a growing MP3');
  await recordPreview(database.pool, running, newToken());
  await (await createThumbnails(dataFolder)).put(running.jobId, Buffer.from('a picture'));
  await recordThumbnail(database.pool, running, newToken());
  const foreign = {
    queued: await queueJob(workshop, { ownerId }),
    running,
    failed: await failJob(workshop, 'NETWORK', { ownerId }),
    succeeded: await succeedJob(workshop, { ownerId }),
  };
  const own = await queueJob(workshop, { ownerId: ownerIdOf(stranger) });
  for (const partner of partners) {
    await queueJob(workshop, { ownerId: ownerIdOf(partner), videoId: own.videoId });
  }
  return { ...target, mode, owner, foreign, links: await readLinks(owner, foreign), stranger, own };
}

export const foreignIds = ({ foreign }: TwoOwners) => Object.values(foreign).map(({ id }) => id);

/** What an action that was let through would have changed. */
export async function readAllJobs(target: TwoOwners): Promise<unknown[]> {
  const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Job { status version } } }';
  const { owner, stranger, own } = target;
  return [
    (await owner.send(query, { ids: foreignIds(target) })).data.nodes,
    (await stranger.send(query, { ids: [own.id] })).data.nodes,
  ].flat();
}

/** Whoever asks for the one can tell it by nothing from the other. */
export function expectSame(foreign: Answer, absent: Answer): void {
  const told = ({ headers = {}, ...answer }: Answer) => ({
    ...answer,
    headers: Object.keys(headers).toSorted(),
  });
  expect(told(foreign)).toEqual(told(absent));
}

/** What the server signs with. */
export const keyringOf = ({ dataFolder }: Target): Keyring => openKeyring(secretsFile(dataFolder));

/** Links as the server makes them `hours` from now. */
export function linksIn(target: TwoOwners, hours: number): FileLinks {
  const now = () => Date.now() + hours * 3_600_000;
  return createFileLinks({ mode: target.mode, keyring: keyringOf(target), now });
}

/** 16 random bytes in base64url. */
export function newToken(): string {
  return randomBytes(16).toString('base64url');
}

async function readLinks(
  owner: Visitor,
  { succeeded, running }: ForeignJobs,
): Promise<ForeignLinks> {
  const query = `query ($succeeded: ID!, $running: ID!) {
    succeeded: job(id: $succeeded) { result { url } }
    running: job(id: $running) { preview { url } thumbnailUrl }
  }`;
  const { data } = await owner.send(query, { succeeded: succeeded.id, running: running.id });
  return {
    file: data.succeeded.result.url,
    preview: data.running.preview.url,
    thumbnail: data.running.thumbnailUrl,
  };
}
