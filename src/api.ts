// The API role: the HTTP listener over the services. It runs no tool and meets the worker in Postgres only.

import type { App } from './app.ts';
import { startHttpServer } from './http/server.ts';
import type { HttpServer } from './http/server.ts';
import { StartError } from './startError.ts';

/** Listens. Throws StartError when the address cannot be had. */
export async function startApi(app: App): Promise<HttpServer> {
  const { host, port } = app.config;
  try {
    return await startHttpServer({ ...app, host, port });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const advice = adviceByCode[code ?? ''];
    if (advice === undefined) throw cause;
    throw new StartError(advice(host, port), { cause });
  }
}

const adviceByCode: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (_, port) => `Port ${port} is in use; stop the other program or set PORT.`,
  EACCES: (_, port) => `Port ${port} may not be opened by this user; set PORT to 1024 or more.`,
  EADDRNOTAVAIL: (host) => `${host} is no address of this machine; set HOST.`,
  ENOTFOUND: (host) => `${host} is no address of this machine; set HOST.`,
};
