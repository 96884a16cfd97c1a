// Waits until something holds, and says what was seen last when it does not. For what gives no signal: where
// there is an event or a stream, await that.

import { setTimeout as pause } from 'node:timers/promises';

type Patience = { readonly timeoutMs?: number };

/**
 * Probes until the answer is truthy and resolves with it. Fails with what was awaited, for how long, and the
 * last answer or error.
 */
export async function eventually<Value>(
  awaited: string,
  probe: () => Value | Promise<Value>,
  { timeoutMs = 30_000 }: Patience = {},
): Promise<NonNullable<Value>> {
  const giveUpAt = performance.now() + timeoutMs;
  let seen: unknown;
  do {
    try {
      const value = await probe();
      if (value) return value;
      seen = value;
    } catch (error) {
      seen = error;
    }
    await pause(20);
  } while (performance.now() < giveUpAt);
  const last = seen instanceof Error ? (seen.stack ?? seen.message) : JSON.stringify(seen);
  throw new Error(`waited ${timeoutMs} ms for ${awaited}; seen last: ${last}`, { cause: seen });
}
