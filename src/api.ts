// The API role: the HTTP listener over the services. It runs no tool and meets the worker in Postgres only. And
// the small listener of a worker alone, for Prometheus.

import type { App } from './app.ts';
import { startMonitor } from './http/monitor.ts';
import { startHttpServer } from './http/server.ts';
import type { HttpServer } from './http/server.ts';
import { StartError } from './startError.ts';

/** Listens. Throws StartError when the address cannot be had. */
export async function startApi(app: App): Promise<HttpServer> {
  const { host, port } = app.config;
  const options = { ...app, services: app.context };
  return advising(host, port, 'PORT', () => startHttpServer(options));
}

/** Serves /livez and /metrics of a process without the API. Throws StartError like startApi. */
export async function startMetrics(app: App, port: number): Promise<HttpServer> {
  const { host } = app.config;
  return advising(host, port, 'METRICS_PORT', () => startMonitor({ ...app, host, port }));
}

async function advising<Result>(
  host: string,
  port: number,
  setting: string,
  listen: () => Promise<Result>,
): Promise<Result> {
  try {
    return await listen();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const advice = adviceByCode[code ?? ''];
    if (advice === undefined) throw cause;
    throw new StartError(advice(host, port, setting), { cause });
  }
}

const adviceByCode: Readonly<
  Record<string, (host: string, port: number, setting: string) => string>
> = {
  EADDRINUSE: (_, port, setting) =>
    `Port ${port} is in use; stop the other program or set ${setting}.`,
  EACCES: (_, port, setting) =>
    `Port ${port} may not be opened by this user; set ${setting} to 1024 or more.`,
  EADDRNOTAVAIL: (host) => `${host} is no address of this machine; set HOST.`,
  ENOTFOUND: (host) => `${host} is no address of this machine; set HOST.`,
};
