// How long a break lasts. It is the length that a promise names, and never a wait for something to have happened.

import { setTimeout as pause } from 'node:timers/promises';

export async function lastFor(seconds: number): Promise<void> {
  await pause(seconds * 1_000);
}
