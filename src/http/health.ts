// For supervisors and load balancers: /livez and /readyz. They say nothing about any job.

import type { FastifyInstance } from 'fastify';

/** Each answers when the part is in order, and rejects or answers false when it is not. */
export type ReadinessChecks = Readonly<Record<string, () => Promise<boolean> | boolean>>;

type HealthOptions = {
  readonly checks: ReadinessChecks;
  /** True on its way out: it is to be sent nothing more. */
  readonly isStopping?: () => boolean;
};

/** A Fastify plugin. /livez: the process turns. /readyz: it can serve, else 503 with the parts at fault. */
export async function health(
  app: FastifyInstance,
  { checks, isStopping }: HealthOptions,
): Promise<void> {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  app.get('/livez', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    if (isStopping?.()) return reply.code(503).send({ status: 'stopping' });
    const parts = await readParts(checks);
    const isReady = parts.every((part) => part.isReady);
    reply.code(isReady ? 200 : 503);
    return {
      status: toWord(isReady),
      ...Object.fromEntries(parts.map((part) => [part.part, toWord(part.isReady)])),
    };
  });
}

/** What each check answers now; a check that fails counts as "not in order". */
export async function readParts(
  checks: ReadinessChecks,
): Promise<{ readonly part: string; readonly isReady: boolean }[]> {
  return Promise.all(
    Object.entries(checks).map(async ([part, check]) => {
      const isReady = await Promise.resolve()
        .then(check)
        .catch(() => false);
      return { part, isReady };
    }),
  );
}

function toWord(isReady: boolean): string {
  return isReady ? 'ok' : 'unavailable';
}
