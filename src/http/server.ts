// The HTTP listener and all that hangs on it, and how it goes away: load balancers are told first, clients to come
// back, a few at a time; requests under way are finished, idle connections do not hold it up.

import cookie from '@fastify/cookie';
import websocket from '@fastify/websocket';
import { fastify, LogController } from 'fastify';
import type { FastifyError, FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { withLogFacts } from '../logger.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { Services } from '../resolvers/context.ts';
import type { Storage } from '../storage.ts';
import type { Thumbnails } from '../thumbnails.ts';
import { createIdentify } from './caller.ts';
import type { AccessOptions } from './caller.ts';
import { answerError, loggedUrl } from './errors.ts';
import { files } from './files.ts';
import { graphiql } from './graphiql.ts';
import { registerGraphQL } from './graphql.ts';
import { addSecurityHeaders, answerUnreadable, securityHeaders } from './headers.ts';
import { health } from './health.ts';
import type { ReadinessChecks } from './health.ts';
import { metricsPage } from './metrics.ts';
import { refuseForeignHosts, refuseForwarded } from './origin.ts';
import { page } from './page.ts';
import { previews } from './previews.ts';
import { thumbnails } from './thumbnails.ts';

type ServerOptions = {
  readonly config: Config;
  readonly logger: Logger;
  readonly access: AccessOptions;
  readonly services: Services;
  readonly storage: Storage;
  readonly thumbnails: Thumbnails;
  readonly checks: ReadinessChecks;
  readonly metrics: Metrics;
};

export type HttpServer = AsyncDisposable & { readonly url: string };

/** No operation of ours is larger; a larger message closes the socket with 1009. */
const largestMessageBytes = 64 * 1024;
const idleTimeoutMs = 120_000;
/** RFC 6455: "service restart". graphql-ws clients reconnect after it, and every client may. */
const serviceRestart = 1012;
/** How long whoever has connected already may still ask. A busy machine reads a request some time after it was sent. */
const lastRequestsMs = 250;
/** What clients get to answer the close, and requests to finish. */
const drainMs = 5_000;
/** All at once they would come back at once, to whoever is left. */
const closings = { rounds: 20, pauseMs: 100, atLeast: 50 } as const;

/** Listens; rejects with what the system says (EADDRINUSE, EACCES) when it cannot. */
export async function startHttpServer(options: ServerOptions): Promise<HttpServer> {
  const { config, services, storage, checks, metrics, logger } = options;
  let isStopping = false;
  const app = fastify({
    // Whoever sends or reads nothing for so long has forgotten us; a paused player asks again by itself.
    connectionTimeout: idleTimeoutMs,
    requestTimeout: config.requestTimeoutMs,
    http: { headersTimeout: config.requestTimeoutMs, connectionsCheckingInterval: 1_000 },
    clientErrorHandler: answerUnreadable,
    // An address that cannot be read: no hook sees it.
    frameworkErrors: (error, _request, reply) =>
      void reply.headers(securityHeaders).send(error as never),
    // Fastify's own news are not ours: what was answered is logged below, and main says where to look.
    loggerInstance: logger.child(
      { part: 'http' },
      { level: logger.isLevelEnabled('warn') ? 'warn' : logger.level },
    ),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    trustProxy: [...config.trustedProxies],
  }) as unknown as FastifyInstance;
  addSecurityHeaders(app);
  refuseForeignHosts(app, config);
  refuseForwarded(app, config);
  app.addHook('onRequest', ({ id }, reply, done) => {
    reply.header('x-request-id', id);
    withLogFacts({ requestId: id }, done);
  });
  app.addHook('onRequest', async ({ headers, raw }, reply) => {
    if (!isStopping || headers.upgrade === undefined) return;
    // Who comes to stay finds another process, or this one when it is back. Nobody else closes the connection.
    reply.raw.once('finish', () => raw.socket.destroySoon());
    return reply.code(503).send();
  });
  app.setErrorHandler<FastifyError>((error, request, reply) =>
    answerError(error, request, reply, logger),
  );
  app.addHook('onResponse', async (request, { statusCode, elapsedTime }) => {
    const { id: requestId, method } = request;
    const url = loggedUrl(request);
    const facts = { requestId, method, url, statusCode, elapsedMs: elapsedTime };
    logger.debug(facts, 'answered');
  });
  app.addHook('onSend', async (_, reply) => {
    // Else its next request would meet a closed connection.
    if (isStopping) reply.header('connection', 'close');
  });
  await app.register(websocket, {
    options: { maxPayload: largestMessageBytes },
    // They are closed below; the plugin's own would close with 1005, on which clients do not reconnect.
    preClose: async () => {},
  });
  await app.register(cookie);
  const { apiKeys } = options.access;
  const identify = createIdentify(options.access);
  const apollo = await registerGraphQL(app, {
    ...{ config, services, identify, apiKeys, logger, budget: options.access.budget },
  });
  await app.register(files, { queries: services.queries, fileLinks: services.fileLinks, storage });
  await app.register(previews, { previews: services.previews, fileLinks: services.fileLinks });
  await app.register(thumbnails, { queries: services.queries, thumbnails: options.thumbnails });
  await app.register(health, { checks, isStopping: () => isStopping });
  await app.register(metricsPage, { metrics, checks, services });
  await app.register(graphiql, { identify });
  await app.register(page, { identify });

  const silent = trackSilentConnections(app.server);
  const url = await app.listen({ host: config.host, port: config.port });
  return {
    url,
    async [Symbol.asyncDispose]() {
      isStopping = true;
      await closeSockets(app);
      await delay(lastRequestsMs);
      // A keep-alive connection that turns idle later would hold up close() for its whole time-out.
      const idle = setInterval(() => app.server.closeIdleConnections(), 100);
      for (const socket of silent) socket.destroy();
      const late = setTimeout(() => app.server.closeAllConnections(), drainMs);
      await app.close();
      clearInterval(idle);
      clearTimeout(late);
      await apollo.stop();
    },
  };
}

/** Browsers connect in advance. Node does not count a connection as idle that has not sent anything yet. */
function trackSilentConnections(server: Server): ReadonlySet<Socket> {
  const silent = new Set<Socket>();
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  for (const event of ['request', 'upgrade']) {
    server.on(event, ({ socket }: IncomingMessage) => silent.delete(socket));
  }
  return silent;
}

async function closeSockets({ websocketServer: { clients } }: FastifyInstance): Promise<void> {
  const batch = Math.max(closings.atLeast, Math.ceil(clients.size / closings.rounds));
  const giveUpAt = performance.now() + drainMs;
  while (clients.size > 0 && performance.now() < giveUpAt) {
    const open = [...clients].filter((socket) => socket.readyState === socket.OPEN);
    for (const socket of open.slice(0, batch)) socket.close(serviceRestart, 'The server restarts');
    await delay(open.length > batch ? closings.pauseMs : 20);
  }
  for (const socket of clients) socket.terminate();
}
