// The listener of a process without the API: it says that the process turns, and what it counted. It serves
// nobody but supervisors and Prometheus.

import { fastify } from 'fastify';
import type { Metrics } from '../metrics.ts';
import { health } from './health.ts';
import type { ReadinessChecks } from './health.ts';
import { metricsPage } from './metrics.ts';
import type { HttpServer } from './server.ts';

type MonitorOptions = {
  readonly host: string;
  readonly port: number;
  readonly checks: ReadinessChecks;
  readonly metrics: Metrics;
};

/** Listens; rejects with what the system says when it cannot. */
export async function startMonitor(options: MonitorOptions): Promise<HttpServer> {
  const { host, port, checks, metrics } = options;
  const app = fastify({ logger: false, forceCloseConnections: true });
  await app.register(health, { checks });
  await app.register(metricsPage, { metrics, checks, services: null });
  const url = await app.listen({ host, port });
  return { url, [Symbol.asyncDispose]: () => app.close() };
}
