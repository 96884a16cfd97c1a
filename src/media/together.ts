// Works that need each other: when one fails, the others are ended before anyone hears of it.
// It knows nothing of what they do.

/**
 * Runs all with a signal of their own, which aborts with `signal` and with the first failure. Settles only
 * when every one has: nothing is left running behind a failure. Throws the first.
 */
export async function together<Results extends readonly unknown[]>(
  signal: AbortSignal,
  works: { readonly [Each in keyof Results]: (signal: AbortSignal) => Promise<Results[Each]> },
): Promise<Results> {
  const first = new AbortController();
  const either = AbortSignal.any([signal, first.signal]);
  const running = works.map(async (work: (signal: AbortSignal) => Promise<unknown>) => {
    try {
      return await work(either);
    } catch (error) {
      first.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(running);
  signal.throwIfAborted();
  if (first.signal.aborted) throw first.signal.reason;
  return (await Promise.all(running)) as unknown as Results;
}

/** The value, or the signal's reason when that comes first. */
export async function orAbort<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
