// A caller of a running Tapedeck: asks for an MP3, follows its job, acts on it and takes the file. What the
// answers have to be is for the tests to say.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ask, watch } from './graphql.ts';
import type { Frames } from './graphql.ts';

/** All that a caller can see of a job, but its timeline. */
export type SeenJob = {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly isTerminal: boolean;
  readonly sourceUrl: string;
  readonly thumbnailUrl: string | null;
  readonly progress: {
    readonly phase: string | null;
    readonly fraction: number | null;
    readonly etaSeconds: number | null;
  };
  readonly source: { readonly title: string | null; readonly uploader: string | null } | null;
  readonly result: {
    readonly url: string;
    readonly fileName: string;
    readonly sizeBytes: number;
    readonly bitrateKbps: number;
    readonly expiresAt: string | null;
  } | null;
  readonly failure: {
    readonly code: string;
    readonly message: string;
    readonly isRetryable: boolean;
    readonly occurredAt: string;
  } | null;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly nextAttemptAt: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
};

const jobFields = `
  id version status isTerminal sourceUrl thumbnailUrl options { quality embedThumbnail }
  progress { phase fraction bytesDone bytesTotal bytesPerSecond etaSeconds asOf }
  source { site externalId title uploader durationSeconds thumbnailUrl }
  result { url fileName sizeBytes sha256 durationSeconds bitrateKbps expiresAt }
  failure { code message isRetryable occurredAt }
  attempt maxAttempts nextAttemptAt queuePosition
  createdAt startedAt updatedAt finishedAt viewerCanCancel viewerCanRetry viewerCanDelete`;

type Mp3Options = { readonly quality?: string; readonly embedThumbnail?: boolean };

/** Asks for an MP3; fails when that is refused. */
export async function requestMp3(
  url: string,
  videoUrl: string,
  options: Mp3Options = {},
): Promise<{ outcome: string; job: SeenJob }> {
  const { requestMp3: answer } = await ask(
    url,
    `mutation ($url: String!, $options: Mp3OptionsInput!) {
       requestMp3(url: $url, options: $options) { outcome job { ${jobFields} } userErrors { code message } } }`,
    { url: videoUrl, options },
  );
  if (answer.userErrors.length > 0) throw new Error(JSON.stringify(answer.userErrors));
  return answer;
}

/** Cancels or retries; fails when that is refused. */
export async function act(
  url: string,
  action: 'cancelJob' | 'retryJob',
  id: string,
): Promise<SeenJob> {
  const { answer } = await ask(
    url,
    `mutation ($id: ID!) { answer: ${action}(id: $id) { job { ${jobFields} } userErrors { code message } } }`,
    { id },
  );
  if (answer.userErrors.length > 0) throw new Error(JSON.stringify(answer.userErrors));
  return answer.job;
}

/** Every job of the history, the latest request first. */
export async function history(url: string, filter: object = {}): Promise<SeenJob[]> {
  const { jobs } = await ask(
    url,
    `query ($filter: JobFilter!) { jobs(first: 100, filter: $filter) { nodes {
       ${jobFields} timeline { at status phase attempt failureCode } } } }`,
    { filter },
  );
  return jobs.nodes;
}

export type SeenFrame = { readonly isFinal: boolean; readonly job: SeenJob };

/** The job's states from now on. */
export const follow = (url: string, id: string) =>
  watch<SeenFrame>(
    url,
    `subscription ($id: ID!) { job(id: $id) { isFinal job { ${jobFields} } } }`,
    { id },
  );

type Patience = { readonly timeoutMs?: number };

/**
 * Reads frames until one is as awaited, and resolves with all that were read. Fails with the last one when the
 * stream ends, or the time is over, before that.
 */
export async function readUntil<Frame>(
  frames: Frames<Frame>,
  awaited: string,
  isAwaited: (frame: Frame) => boolean,
  { timeoutMs = 90_000 }: Patience = {},
): Promise<[...Frame[], Frame]> {
  const late = setTimeout(() => void frames.return?.(), timeoutMs);
  const startedAt = performance.now();
  const read: Frame[] = [];
  try {
    for (;;) {
      const { done, value } = await frames.next();
      if (done === true) break;
      if (isAwaited(value)) return [...read, value];
      read.push(value);
    }
  } finally {
    clearTimeout(late);
  }
  const waitedMs = Math.round(performance.now() - startedAt);
  const last = JSON.stringify(read.at(-1));
  throw new Error(`waited ${waitedMs} ms for ${awaited}; ${read.length} frames, the last: ${last}`);
}

/** Reads a job's frames to the end that it announces. */
export const readToEnd = (frames: Frames<SeenFrame>): Promise<[...SeenFrame[], SeenFrame]> =>
  readUntil(frames, 'the end of the job', ({ isFinal }) => isFinal);

/** Follows the job until a state is as awaited, and resolves with it. */
export async function awaitJob(
  url: string,
  id: string,
  awaited: string,
  isAwaited: (job: SeenJob) => boolean,
  patience: Patience = {},
): Promise<SeenJob> {
  await using frames = follow(url, id);
  const read = await readUntil(frames, awaited, ({ job }) => isAwaited(job), patience);
  return (read.at(-1) as SeenFrame).job;
}

/** Follows the job to its end. */
export function awaitEnd(url: string, id: string, patience?: Patience): Promise<SeenJob> {
  return awaitJob(url, id, 'the end of the job', ({ isTerminal }) => isTerminal, patience);
}

/** Saves the job's MP3 in the folder and answers its path. */
export async function download(url: string, { id, result }: SeenJob, folder: string) {
  const response = await fetch(url + result?.url);
  if (!response.ok) throw new Error(`${result?.url} was answered with ${response.status}`);
  const path = join(folder, `${id}.mp3`);
  await writeFile(path, Buffer.from(await response.arrayBuffer()));
  return path;
}
