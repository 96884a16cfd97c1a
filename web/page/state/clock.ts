// The time as the server sees it, ticking once a second. Everything that counts down reads it from here,
// so that all of it ticks together.

import { signal } from '@preact/signals';

const tickMs = 1_000;
/** A tick that comes so late was no tick: the machine slept. */
const sleepMs = 20_000;
/** Below this the difference is the coarseness of the Date header, which has whole seconds. */
const toleratedSkewMs = 2_000;

let skewMs = 0;

/** Milliseconds since 1970 on the server's clock; a reader of the signal is told every second. */
export const now = signal(Date.now());

/** The same, at this very moment and without subscribing. */
export const serverNow = (): number => Date.now() + skewMs;

/** Takes note of an answer's Date header. */
export function compareClocks(serverDate: string | null): void {
  const difference = Date.parse(serverDate ?? '') - Date.now();
  if (!Number.isNaN(difference)) {
    skewMs = Math.abs(difference) < toleratedSkewMs ? 0 : difference;
  }
}

/** Starts the ticking; `onWake` is told when the machine must have slept while the page was shown. */
export function startClock(onWake: () => void): void {
  let lastTick = Date.now();
  setInterval(() => {
    const isLate = Date.now() - lastTick > sleepMs;
    lastTick = Date.now();
    now.value = serverNow();
    // Browsers slow the timers of hidden pages down; those are told when they are shown again.
    if (isLate && document.visibilityState === 'visible') onWake();
  }, tickMs);
}
