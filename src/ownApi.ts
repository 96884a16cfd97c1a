// Asks the API of these settings, running on this machine, whether it is ready. What follows from it is for others
// to say.

import type { Config } from './config.ts';

/** The answer of /readyz, 200 or 503; rejects when nothing answers. */
export function askReadiness(
  { host, port }: Pick<Config, 'host' | 'port'>,
  signal?: AbortSignal,
): Promise<Response> {
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return fetch(`http://${address}:${port}/readyz`, { signal: signal ?? null });
}
