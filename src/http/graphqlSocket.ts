// Subscriptions on /graphql, in the protocol graphql-transport-ws: nothing that is configured on Apollo holds
// here. Documents come from the same gate as Apollo's, and errors leave through the same mask.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { getOperationAST, GraphQLError, OperationTypeNode } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { makeHandler } from 'graphql-ws/use/@fastify/websocket';
import type { WebSocket } from 'ws';
import type { Logger } from '../logger.ts';
import type { Caller } from '../domain/access.ts';
import { LimitReached } from '../domain/limits.ts';
import type { Services } from '../resolvers/context.ts';
import type { ApiKeys } from '../services/apiKeys.ts';
import type { OperationBudget } from '../services/operationBudget.ts';
import type { Identify } from './caller.ts';
import { unknownDocument } from './documents.ts';
import type { Documents } from './documents.ts';
import { maskError } from './errors.ts';
import { costOf, findOverspending } from './operationCost.ts';
import type { Sockets } from './sockets.ts';
import type { StreamCounts } from './streamCounts.ts';
import { tooMuch } from './throttle.ts';
import type { Throttle } from './throttle.ts';

type SocketOptions = {
  readonly schema: GraphQLSchema;
  readonly documents: Documents;
  readonly services: Services;
  readonly identify: Identify;
  readonly apiKeys: ApiKeys;
  readonly sockets: Sockets;
  readonly operations: Throttle;
  readonly budget: OperationBudget;
  readonly streamCounts: StreamCounts;
  readonly logger: Logger;
};

/** A page follows all its jobs with one. */
const mostStreams = 50;

/** Of graphql-transport-ws: nobody knows who asks, and it is known and not enough. */
const unauthorized = 4401;
const forbidden = 4403;

/** RFC 6455's registry: clients come again after it. */
const tryAgainLater = 1013;

/** What a socket keeps from its handshake on. */
type SocketExtra = { caller?: Caller };

/** Makes what Fastify calls with each WebSocket that was let in. */
export function overWebSocket(options: SocketOptions) {
  const {
    schema,
    documents,
    services,
    identify,
    apiKeys,
    sockets,
    operations,
    budget,
    streamCounts,
    logger,
  } = options;
  const mask = (errors: readonly GraphQLError[], requestId: string) =>
    errors.map((error) => maskError(error.toJSON(), error, { logger, requestId }));
  const handle = makeHandler<Record<string, unknown>, SocketExtra>({
    schema,
    isProd: true,
    async onConnect({ extra, connectionParams, subscriptions }) {
      const shown = readAuthorization(connectionParams);
      const caller = await identify(extra.request, null, shown).catch((err: unknown) => {
        logger.warn({ err, requestId: extra.request.id }, 'who asks cannot be found out');
        extra.socket.close(tryAgainLater, 'Try again later');
        return null;
      });
      // Closed meanwhile: it would be counted, and never be let go.
      if (caller === null || extra.socket.readyState !== extra.socket.OPEN) return false;
      extra.caller = caller;
      if (caller.scopes.size === 0) {
        // Without any key the client is to get one; with one that is not valid it is refused (4403).
        const isKnown = shown !== undefined || extra.request.headers.authorization !== undefined;
        if (!isKnown) extra.socket.close(unauthorized, 'Unauthorized');
        return false;
      }
      if (streamCounts.isFull(caller)) {
        extra.socket.close(tryAgainLater, 'Too many connections');
        return false;
      }
      extra.socket.once('close', streamCounts.add(caller, subscriptions));
      const { keyId } = caller;
      if (keyId !== null) {
        const end = () => extra.socket.close(forbidden, 'Forbidden');
        extra.socket.once('close', apiKeys.watch(keyId, end));
      }
      return true;
    },
    // Left to itself, the library answers a document that cannot be parsed by closing the socket, with all
    // the streams on it.
    async onSubscribe({ subscriptions, extra }, _id, payload) {
      const { caller } = extra;
      if (caller === undefined)
        throw new Error('graphql-ws let a subscription through before its init');
      // This one is counted already, and those that came with it must not be.
      const isFull = Object.keys(subscriptions).length > mostStreams;
      const waitSeconds = await operations.count(caller.address);
      if (waitSeconds > 0) return [tooMuch(new Date(Date.now() + waitSeconds * 1_000))];
      if (isFull) return [tooManyStreams()];
      if (streamCounts.isTooMany(caller)) return [tooManyOfYours()];
      const { operationName, variables } = payload;
      const text = textOf(payload, documents);
      if (text === null) return [unknownDocument()];
      const { document, faults } = documents.judge(text);
      if (document === null) return faults;
      const operation = getOperationAST(document, operationName);
      if (!operation) return [unclearOperation()];
      if (operation.operation !== OperationTypeNode.SUBSCRIPTION) return [notHere()];
      const cost = costOf(schema, { document, operation, variables });
      const overspending = findOverspending(cost);
      if (overspending !== null) return [overspending];
      try {
        await budget.spend(caller, cost);
      } catch (error) {
        const retryAt = error instanceof LimitReached ? error.retryAt : null;
        if (retryAt !== null) return [tooMuch(retryAt)];
        const { message, extensions } = maskError({ message: '' }, error, {
          ...{ logger, requestId: extra.request.id },
        });
        return [new GraphQLError(message, { extensions })];
      }
      const contextValue = { ...services, ...caller };
      return { schema, document, operationName, variableValues: variables, contextValue };
    },
    onError: ({ extra }, _id, _payload, errors) => mask(errors, extra.request.id),
    onNext({ extra }, _id, _payload, _arguments, { data = null, errors }) {
      return errors && { data, errors: mask(errors, extra.request.id) };
    },
  });
  return function handleSocket(this: FastifyInstance, socket: WebSocket, request: FastifyRequest) {
    sockets.guard(socket);
    void handle.call(this, socket, request);
    // A client's own fault, such as a message too large, on which ws has closed the socket with its code
    // already. The library would print it with its stack, and the plugin would cut the close short.
    socket.removeAllListeners('error').on('error', (err) => {
      logger.debug({ err, requestId: request.id }, 'a socket failed');
    });
  };
}

/** Browsers cannot set a header on a handshake: what would be in it comes with the first message. */
function readAuthorization(parameters: Record<string, unknown> | undefined): string | undefined {
  const shown = parameters?.['authorization'] ?? parameters?.['Authorization'];
  return typeof shown === 'string' ? shown : undefined;
}

/** The protocol wants a `query`, so whoever sends an id leaves it empty. */
function textOf(payload: { query: string; documentId?: unknown }, documents: Documents) {
  const { query, documentId } = payload;
  return query === '' && typeof documentId === 'string' ? documents.textOf(documentId) : query;
}

function tooManyStreams(): GraphQLError {
  return new GraphQLError(
    `This connection has ${mostStreams} streams already; end one, or follow several jobs with one.`,
    { extensions: { code: 'TOO_MANY_STREAMS' } },
  );
}

function tooManyOfYours(): GraphQLError {
  return new GraphQLError(
    'You have as many streams as you may; end one, or follow several jobs with one.',
    { extensions: { code: 'TOO_MANY_STREAMS' } },
  );
}

function unclearOperation(): GraphQLError {
  return new GraphQLError('Name the one operation to run in `operationName`.', {
    extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
  });
}

function notHere(): GraphQLError {
  return new GraphQLError('Queries and mutations are served by POST only.', {
    extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
  });
}
