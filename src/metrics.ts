// What this process counts and measures for Prometheus. Figures that only the database knows are added where
// they are served (src/http/metrics.ts); nothing here names a job, an owner or a video.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { JobFailureCode } from './domain/failure.ts';
import type { JobPhase } from './domain/job.ts';

/** How an attempt ended. `retried` is a failure after which the job waits for its next attempt. */
export type AttemptOutcome = 'succeeded' | 'failed' | 'retried' | 'released' | 'lost';

export type Metrics = ReturnType<typeof createMetrics>;

/** From a tag that takes milliseconds to the longest download that is allowed. */
const phaseBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 45, 90, 180, 600, 1_800, 7_200];
const roundTripBuckets = [0.001, 0.005, 0.02, 0.1, 0.5, 1, 2.5, 5];

/** The process's own registry: a second application in the same process (as in tests) has another. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const attempts = new Counter({
    name: 'tapedeck_attempts_total',
    help: 'Attempts that this worker ended, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const failures = new Counter({
    name: 'tapedeck_attempt_failures_total',
    help: 'Attempts of this worker that failed, by code; isFinal tells whether the job failed with it',
    labelNames: ['code', 'final'],
    registers,
  });
  const phaseSeconds = new Histogram({
    name: 'tapedeck_phase_seconds',
    help: 'How long attempts stayed in a phase that they completed',
    labelNames: ['phase'],
    buckets: phaseBuckets,
    registers,
  });
  const rescued = new Counter({
    name: 'tapedeck_rescued_attempts_total',
    help: 'Attempts that this worker gave up in the place of one that was lost',
    registers,
  });
  const listenReconnects = new Counter({
    name: 'tapedeck_listen_reconnects_total',
    help: 'LISTEN connections that this process lost',
    registers,
  });
  const listenRoundTrip = new Histogram({
    name: 'tapedeck_listen_round_trip_seconds',
    help: 'From NOTIFY to its arrival at this process, by the heartbeat',
    buckets: roundTripBuckets,
    registers,
  });
  const chores = new Counter({
    name: 'tapedeck_chores_total',
    help: 'Scheduled tasks that this worker ran, by outcome',
    labelNames: ['chore', 'outcome'],
    registers,
  });
  const choreDone = new Gauge({
    name: 'tapedeck_chore_last_success_timestamp_seconds',
    help: 'When this worker last completed the scheduled task',
    labelNames: ['chore'],
    registers,
  });
  // A rate needs a first value: a counter that appears with its first event is missed by Prometheus.
  rescued.inc(0);
  listenReconnects.inc(0);

  return {
    registry,
    attemptEnded(outcome: AttemptOutcome) {
      attempts.inc({ outcome });
    },
    attemptFailed(code: JobFailureCode, isFinal: boolean) {
      failures.inc({ code, final: String(isFinal) });
    },
    phaseEnded(phase: JobPhase, seconds: number) {
      phaseSeconds.observe({ phase }, seconds);
    },
    attemptsRescued(count: number) {
      rescued.inc(count);
    },
    listenLost() {
      listenReconnects.inc();
    },
    listenRoundTrip(seconds: number) {
      listenRoundTrip.observe(seconds);
    },
    choreEnded(chore: string, isSuccess: boolean) {
      chores.inc({ chore, outcome: isSuccess ? 'succeeded' : 'failed' });
      if (isSuccess) choreDone.setToCurrentTime({ chore });
    },
  };
}

/** A figure that is read when it is asked for; left out while `read` fails or answers null: unknown is not 0. */
export function addGauge(
  registry: Registry,
  { name, help }: Description,
  read: () => Promise<number | null> | number | null,
): void {
  addGauges(registry, { name, help, labels: [] }, async () => {
    const value = await read();
    return value === null ? [] : [{ value }];
  });
}

/** The same with labels: whatever `read` does not answer is left out. */
export function addGauges(
  registry: Registry,
  { name, help, labels }: Description & { readonly labels: readonly string[] },
  read: () => Promise<readonly Sample[]> | readonly Sample[],
): void {
  registry.registerMetric(
    new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [],
      async collect() {
        const samples = await Promise.resolve()
          .then(read)
          .catch(() => []);
        // Not reset(): a gauge without labels would come back as 0.
        if (labels.length > 0) this.reset();
        else this.remove();
        for (const { value, ...labelled } of samples) this.set(labelled, value);
      },
    }),
  );
}

type Description = { readonly name: string; readonly help: string };
type Sample = { readonly value: number } & Readonly<Record<string, string | number>>;
