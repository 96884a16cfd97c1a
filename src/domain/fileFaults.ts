// What the system's errors about files mean to us. It opens no file; `.catch(...)` hands the errors over.

import { AttemptFailure } from './failure.ts';

/** A file that is not there is an answer, not a fault; anything else is thrown again. */
export function nullWhenMissing(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
}

/** Throws AttemptFailure STORAGE_FULL when the disk or the quota is full, else the error itself. */
export function refuseWhenFull(cause: unknown): never {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    throw new AttemptFailure('STORAGE_FULL', { code }, { cause });
  }
  throw cause;
}
