// For supervisors, load balancers and Prometheus: /livez, /readyz, /metrics. They say nothing about any job.

import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Services } from '../resolvers/context.ts';

/** Each answers when the part is in order, and rejects or answers false when it is not. */
export type ReadinessChecks = Readonly<Record<string, () => Promise<boolean> | boolean>>;

type HealthOptions = { readonly checks: ReadinessChecks; readonly services: Services };

/** A Fastify plugin. /livez: the process turns. /readyz: it can serve, else 503 with the parts at fault. */
export async function health(
  app: FastifyInstance,
  { checks, services }: HealthOptions,
): Promise<void> {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  app.get('/livez', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const parts = await Promise.all(
      Object.entries(checks).map(async ([part, check]) => {
        const isReady = await Promise.resolve(check()).catch(() => false);
        return [part, isReady ? 'ok' : 'unavailable'] as const;
      }),
    );
    const isReady = parts.every(([, state]) => state === 'ok');
    reply.code(isReady ? 200 : 503);
    return { status: isReady ? 'ok' : 'unavailable', ...Object.fromEntries(parts) };
  });
  const registry = collectMetrics(services);
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}

function collectMetrics({ queries, jobWatch, queueWatch }: Services): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge(
    'tapedeck_streams',
    'Open subscription streams of this process',
    () => jobWatch.countStreams() + queueWatch.countStreams(),
  );
  // Unknown is not 0: without the database, what only it knows is left out of the page.
  const readStats = () => queries.readQueueStats().catch(() => null);
  new Gauge({
    name: 'tapedeck_jobs',
    help: 'Active jobs by state, over all processes',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      const stats = await readStats();
      this.reset();
      if (stats === null) return;
      this.set({ state: 'queued' }, stats.queued);
      this.set({ state: 'running' }, stats.running);
      this.set({ state: 'waiting_for_retry' }, stats.waitingForRetry);
    },
  });
  new Gauge({
    name: 'tapedeck_worker_slots',
    help: 'Conversions that all living workers can run at once',
    registers: [registry],
    async collect() {
      const stats = await readStats();
      if (stats === null) this.remove();
      else this.set(stats.workerSlots);
    },
  });
  return registry;
}
