// GraphQL on /graphql: Apollo for POST and GET, graphql-ws for subscriptions (graphqlSocket.ts), over one schema
// and one context. Apollo parses and validates nothing by itself that documents.ts has not let through.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import type { Config } from '../config.ts';
import { countedAddress } from '../domain/address.ts';
import type { Logger } from '../logger.ts';
import type { Context, Services } from '../resolvers/context.ts';
import type { ApiKeys } from '../services/apiKeys.ts';
import type { OperationBudget } from '../services/operationBudget.ts';
import { resolvers } from '../resolvers/index.ts';
import {
  answerOk,
  judgedDocuments,
  limitDocuments,
  maskErrors,
  refuseSubscriptions,
} from './apolloPlugins.ts';
import type { RequestContext } from './apolloPlugins.ts';
import type { Identify } from './caller.ts';
import { answerDenied } from './denials.ts';
import { createDocuments, parseOptions, unknownDocument, validationOptions } from './documents.ts';
import type { Documents } from './documents.ts';
import { maskError } from './errors.ts';
import { overWebSocket } from './graphqlSocket.ts';
import { isOwnPage } from './origin.ts';
import { createSockets } from './sockets.ts';
import { createStreamCounts } from './streamCounts.ts';
import { createThrottle, tooMuch } from './throttle.ts';

const schemaFolder = fileURLToPath(new URL('../schema/', import.meta.url));

/** The schema with its resolvers. */
function buildSchema(): GraphQLSchema {
  const files = readdirSync(schemaFolder).filter((name) => name.endsWith('.graphql'));
  const typeDefs = files.map((name) => readFileSync(schemaFolder + name, 'utf8'));
  return makeExecutableSchema<Context>({ typeDefs, resolvers });
}

type GraphQLOptions = {
  readonly config: Pick<
    Config,
    | 'introspection'
    | 'trustedDocuments'
    | 'publicOrigins'
    | 'maxSocketsPerAddress'
    | 'requestTimeoutMs'
    | 'operationsPerMinute'
    | 'maxSockets'
    | 'maxStreams'
    | 'maxStreamsPerAddress'
  >;
  readonly services: Services;
  readonly identify: Identify;
  readonly apiKeys: ApiKeys;
  readonly budget: OperationBudget;
  readonly logger: Logger;
};

/** Thirty times what the page's longest request needs. */
const largestBodyBytes = 128 * 1024;
const mostCoercionFaults = 10;

/** Registers /graphql. The returned server is to be stopped after the listener. */
export async function registerGraphQL(
  app: FastifyInstance,
  { config, services, identify, apiKeys, budget, logger }: GraphQLOptions,
): Promise<ApolloServer<RequestContext>> {
  const schema = buildSchema();
  const documents = createDocuments(schema, config);
  const apollo = new ApolloServer<RequestContext>({
    schema,
    introspection: config.introspection,
    // It brings no safety, only a cache that strangers fill; our own documents have ids.
    persistedQueries: false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    parseOptions,
    validationOptions,
    executionOptions: { maxCoercionErrors: mostCoercionFaults },
    documentStore: judgedDocuments(documents),
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger: logger.child({ part: 'apollo' }),
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      // It wraps every resolver, to reckon what a shared cache might keep; nothing of ours may be kept.
      ApolloServerPluginCacheControlDisabled(),
      limitDocuments(schema, documents, budget),
      refuseSubscriptions,
      maskErrors(logger),
      answerOk,
      answerDenied,
    ],
  });
  await apollo.start();
  const answer = fastifyApolloHandler(apollo, {
    async context(request, reply) {
      const { id: requestId } = request;
      try {
        return { ...services, ...(await identify(request, reply)), requestId };
      } catch (error) {
        // Apollo would send its words as they are: no plugin sees an error of this place.
        const { message, extensions } = maskError({ message: '' }, error, { logger, requestId });
        throw new GraphQLError(message, { extensions: { ...extensions, http: { status: 503 } } });
      }
    },
  });
  const sockets = createSockets(config.maxSocketsPerAddress);
  const streamCounts = createStreamCounts({
    socketsOfOwner: config.maxSockets,
    ofOwner: config.maxStreams,
    ofAddress: config.maxStreamsPerAddress,
  });
  const operations = createThrottle(config.operationsPerMinute);
  const route = {
    url: '/graphql',
    async onRequest({ ip, ws }: FastifyRequest, reply: FastifyReply) {
      // What comes over a socket is counted there.
      const waitSeconds = ws ? 0 : await operations.count(countedAddress(ip));
      if (waitSeconds === 0) return;
      reply.code(429).header('retry-after', waitSeconds).header('cache-control', 'no-store');
      return reply.send({ errors: [tooMuch(new Date(Date.now() + waitSeconds * 1_000))] });
    },
    preHandler: resolveDocumentId(documents),
    handler: within(config.requestTimeoutMs, answer as Handler),
  };
  app.route({ ...route, method: 'POST', bodyLimit: largestBodyBytes });
  app.route({
    ...route,
    method: 'GET',
    async preValidation(request, reply) {
      if (!request.ws) return;
      if (!isOwnPage(request, config.publicOrigins)) return refuseHandshake(reply, 403);
      if (!sockets.admit(request)) return refuseHandshake(reply, 429);
    },
    wsHandler: overWebSocket({
      ...{ schema, documents, sockets, operations, budget, streamCounts },
      ...{ services, identify, apiKeys, logger },
    }),
  });
  return apollo;
}

function refuseHandshake(reply: FastifyReply, status: 403 | 429): FastifyReply {
  const sentence =
    status === 403
      ? 'Pages of other sites may not connect here.'
      : 'There are too many connections from your address; close one first.';
  return reply.code(status).type('text/plain; charset=utf-8').send(`${sentence}\n`);
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/**
 * Answers 503 when the handler has not answered in time; the work goes on until the database's own time-out ends
 * it. Not Fastify's handlerTimeout, which is over as soon as a POST's body is read: it waits for the request to
 * close, and in Node that comes before the answer.
 */
function within(timeoutMs: number, handler: Handler): Handler {
  return async (request, reply) => {
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => late.resolve('late'), timeoutMs);
    const answer = await Promise.race([handler(request, reply), late.promise]);
    clearTimeout(timer);
    if (answer !== 'late') return answer;
    const message = 'The answer took too long; ask for less, or try again.';
    reply.code(503).header('cache-control', 'no-store').type('application/json; charset=utf-8');
    return { errors: [{ message, extensions: { code: 'TIMED_OUT', requestId: request.id } }] };
  };
}

/** Puts the text in the place of `documentId`, which Apollo does not know. */
function resolveDocumentId(documents: Documents) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    if (request.ws) return;
    const url = new URL(request.raw.url ?? '', 'http://here');
    const body = request.body as { documentId?: unknown; query?: unknown } | null | undefined;
    const documentId =
      request.method === 'GET' ? url.searchParams.get('documentId') : body?.documentId;
    if (typeof documentId !== 'string') return;
    const text = documents.textOf(documentId);
    if (text === null) return reply.code(400).send({ errors: [unknownDocument()] });
    if (body) body.query = text;
    url.searchParams.set('query', text);
    if (request.method === 'GET') request.raw.url = url.pathname + url.search;
  };
}
