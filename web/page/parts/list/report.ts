// A job in plain text, to be sent to whoever runs the server. In English whatever the page speaks: the
// codes are the API's, and so is its sentence.

import type { Job } from '../../state/jobs.ts';
import type { Details } from './JobDetails.tsx';

/** `details` is null when they could not be read. */
export function reportOn(job: Job, details: Details | null): string {
  const { failure, result } = job;
  return [
    `Tapedeck job ${job.id}`,
    `source: ${job.sourceUrl}`,
    `options: ${job.options.quality}, ${job.options.embedThumbnail ? 'cover' : 'no cover'}`,
    `status: ${job.status}, attempt ${job.attempt} of ${job.maxAttempts}`,
    ...(failure === null
      ? []
      : [`failure: ${failure.code} at ${failure.occurredAt}`, failure.message]),
    ...(result === null ? [] : [`file: ${result.fileName}, ${result.sizeBytes} bytes`]),
    ...(details === null ? [] : ['timeline:']),
    ...(details?.timeline ?? []).map(({ at, status, phase, attempt, failureCode }) =>
      [` ${at}`, status, phase, `attempt ${attempt}`, failureCode].filter(Boolean).join(' '),
    ),
  ].join('\n');
}
