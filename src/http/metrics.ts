// /metrics for Prometheus: what this process counted, and from the API also what only the database knows. The
// latter is the same from every API process; dashboards take the maximum, not the sum.

import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { addGauge, addGauges } from '../metrics.ts';
import type { Metrics } from '../metrics.ts';
import { readParts } from './health.ts';
import type { ReadinessChecks } from './health.ts';
import type { Services } from '../resolvers/context.ts';

type MetricsOptions = {
  readonly metrics: Metrics;
  readonly checks: ReadinessChecks;
  /** Null for a worker alone. */
  readonly services: Services | null;
};

/** A Fastify plugin. */
export async function metricsPage(
  app: FastifyInstance,
  { metrics, checks, services }: MetricsOptions,
): Promise<void> {
  const own = new Registry();
  addGauges(
    own,
    { name: 'tapedeck_ready', help: '1 for each part that is in order, else 0', labels: ['part'] },
    async () =>
      (await readParts(checks)).map(({ part, isReady }) => ({ part, value: Number(isReady) })),
  );
  if (services !== null) describeApi(own, app, services);
  app.get('/metrics', async (_request, reply) => {
    const texts = await Promise.all([metrics.registry.metrics(), own.metrics()]);
    return reply
      .header('cache-control', 'no-store')
      .type(own.contentType)
      .send(
        texts
          .map((text) => text.trimEnd())
          .filter((text) => text !== '')
          .join('\n') + '\n',
      );
  });
}

function describeApi(registry: Registry, app: FastifyInstance, services: Services): void {
  const { queries, jobWatch, queueWatch } = services;
  addGauge(
    registry,
    { name: 'tapedeck_streams', help: 'Open subscription streams of this process' },
    () => jobWatch.countStreams() + queueWatch.countStreams(),
  );
  addGauge(
    registry,
    { name: 'tapedeck_sockets', help: 'Open WebSockets of this process' },
    () => app.websocketServer.clients.size,
  );
  const readStats = shareFor(1_000, () => queries.readQueueStats());
  const readFigures = shareFor(15_000, () => queries.readDatabaseFigures());
  addGauges(
    registry,
    { name: 'tapedeck_jobs', help: 'Active jobs by state, over all processes', labels: ['state'] },
    async () => {
      const { queued, running, waitingForRetry } = await readStats();
      return [
        { state: 'queued', value: queued },
        { state: 'running', value: running },
        { state: 'waiting_for_retry', value: waitingForRetry },
      ];
    },
  );
  addGauge(
    registry,
    { name: 'tapedeck_oldest_queued_seconds', help: 'How long the first job in the queue waits' },
    async () => {
      const { asOf, oldestQueuedAt } = await readStats();
      return oldestQueuedAt === null ? 0 : (asOf.getTime() - oldestQueuedAt.getTime()) / 1_000;
    },
  );
  addGauge(
    registry,
    { name: 'tapedeck_workers', help: 'Living worker processes' },
    async () => (await readStats()).workers,
  );
  addGauge(
    registry,
    {
      name: 'tapedeck_worker_slots',
      help: 'Conversions that all living workers can run at once',
    },
    async () => (await readStats()).workerSlots,
  );
  addGauges(
    registry,
    {
      name: 'tapedeck_lane_paused_seconds',
      help: 'How long the lane of a site that refuses us has been paused',
      labels: ['site', 'code'],
    },
    async () => {
      const { asOf, pausedLanes } = await readStats();
      return pausedLanes.map(({ site, code, since }) => ({
        ...{ site, code },
        value: (asOf.getTime() - since.getTime()) / 1_000,
      }));
    },
  );
  addGauge(
    registry,
    { name: 'tapedeck_store_bytes', help: 'Size of all MP3s in the store' },
    async () => (await readFigures()).storeBytes,
  );
  addGauge(
    registry,
    { name: 'tapedeck_store_files', help: 'MP3s in the store' },
    async () => (await readFigures()).storeFiles,
  );
  addGauge(
    registry,
    {
      name: 'tapedeck_notification_queue_ratio',
      help: 'How full the queue of notifications is, 0 to 1',
    },
    async () => (await readFigures()).notificationQueueRatio,
  );
  addGauge(
    registry,
    {
      name: 'tapedeck_oldest_transaction_seconds',
      help: 'Age of the oldest transaction in the database, which keeps dead rows from being removed',
    },
    async () => (await readFigures()).oldestTransactionSeconds,
  );
}

/** One answer for all gauges of a scrape, and for whoever else scrapes meanwhile. */
function shareFor<Value>(milliseconds: number, read: () => Promise<Value>): () => Promise<Value> {
  let shared: Promise<Value> | null = null;
  let readAt = 0;
  return () => {
    if (shared === null || performance.now() - readAt > milliseconds) {
      readAt = performance.now();
      shared = read();
      // A failure is not worth keeping.
      shared.catch(() => (shared = null));
    }
    return shared;
  };
}
