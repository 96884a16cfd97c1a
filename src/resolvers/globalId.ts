// Global ids: opaque to callers, permanent, and the same for a job wherever it appears.

const pattern = /^Job:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

export function toGlobalId(jobId: string): string {
  return Buffer.from(`Job:${jobId}`).toString('base64url');
}

/** The job's id; null for anything that is not the global id of a job. */
export function fromGlobalId(globalId: string): string | null {
  const jobId = pattern.exec(Buffer.from(globalId, 'base64url').toString())?.[1];
  // The decoder skips what is no base64url: only the one spelling counts, by which clients cache.
  return jobId !== undefined && toGlobalId(jobId) === globalId ? jobId : null;
}
