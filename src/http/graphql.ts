// GraphQL on /graphql: Apollo for POST and GET, graphql-ws for subscriptions, over one schema and one context.
// Nothing configured on Apollo applies to the WebSocket: what must hold for both is in errors.ts.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ApolloServer, HeaderMap } from '@apollo/server';
import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GraphQLError, OperationTypeNode, parse, validate } from 'graphql';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { makeHandler } from 'graphql-ws/use/@fastify/websocket';
import type { WebSocket } from 'ws';
import type { Logger } from '../logger.ts';
import type { Caller } from '../domain/access.ts';
import type { Context, Services } from '../resolvers/context.ts';
import type { ApiKeys } from '../services/apiKeys.ts';
import { resolvers } from '../resolvers/index.ts';
import type { Identify } from './caller.ts';
import { answerDenied } from './denials.ts';
import { maskError } from './errors.ts';

const schemaFolder = fileURLToPath(new URL('../schema/', import.meta.url));

/** The schema with its resolvers. */
function buildSchema(): GraphQLSchema {
  const files = readdirSync(schemaFolder).filter((name) => name.endsWith('.graphql'));
  const typeDefs = files.map((name) => readFileSync(schemaFolder + name, 'utf8'));
  return makeExecutableSchema<Context>({ typeDefs, resolvers });
}

type GraphQLOptions = {
  readonly services: Services;
  readonly identify: Identify;
  readonly apiKeys: ApiKeys;
  readonly logger: Logger;
};

/** Registers /graphql. The returned server is to be stopped after the listener. */
export async function registerGraphQL(
  app: FastifyInstance,
  { services, identify, apiKeys, logger }: GraphQLOptions,
): Promise<ApolloServer<RequestContext>> {
  const schema = buildSchema();
  const apollo = new ApolloServer<RequestContext>({
    schema,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      refuseSubscriptions,
      maskErrors(logger),
      answerOk,
      answerDenied,
    ],
  });
  await apollo.start();
  const handler = fastifyApolloHandler(apollo, {
    context: async (request, reply) => ({
      ...services,
      ...(await identify(request, reply)),
      requestId: request.id,
    }),
  });
  app.post('/graphql', handler);
  app.route({
    method: 'GET',
    url: '/graphql',
    handler,
    wsHandler: overWebSocket(schema, { services, identify, apiKeys, logger }),
  });
  return apollo;
}

type RequestContext = Context & { readonly requestId: string };

/** Not Apollo's formatError: that one does not know the request. */
function maskErrors(logger: Logger): ApolloServerPlugin<RequestContext> {
  return {
    requestDidStart: async () => ({
      async willSendResponse({ response, errors, contextValue }) {
        if (response.body.kind !== 'single' || !response.body.singleResult.errors) return;
        const { requestId } = contextValue;
        response.body.singleResult.errors = response.body.singleResult.errors.map(
          (formatted, index) => maskError(formatted, errors?.[index], { logger, requestId }),
        );
      },
    }),
  };
}

/** Apollo would execute one as if it were a query, and fail at its first field. */
const refuseSubscriptions: ApolloServerPlugin = {
  requestDidStart: async () => ({
    async didResolveOperation({ operation }) {
      if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return;
      throw new GraphQLError(
        'Subscriptions are served over WebSocket (graphql-transport-ws) only.',
        {
          extensions: { code: 'OPERATION_RESOLUTION_FAILURE', http: { status: 400 } },
        },
      );
    },
  }),
};

/**
 * A well-formed request whose document is at fault is answered with 200 in application/json; only
 * application/graphql-response+json may say it with the status. Apollo says 400 in both.
 * https://graphql.github.io/graphql-over-http/draft/#sec-application-json
 */
const answerOk: ApolloServerPlugin = {
  requestDidStart: async () => ({
    async willSendResponse({ request, response, errors }) {
      const accept = (request.http?.headers ?? new HeaderMap()).get('accept') ?? '';
      const isDocumentFault = errors?.some(({ extensions }) =>
        documentFaults.has(String(extensions['code'])),
      );
      if (isDocumentFault && !accept.includes('application/graphql-response+json')) {
        response.http.status = 200;
      }
    },
  }),
};

const documentFaults = new Set([
  ...['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT'],
  'OPERATION_RESOLUTION_FAILURE',
]);

function readDocument(
  schema: GraphQLSchema,
  query: string,
): { document: DocumentNode | null; faults: readonly GraphQLError[] } {
  try {
    const document = parse(query);
    const faults = validate(schema, document);
    return { document: faults.length === 0 ? document : null, faults };
  } catch (error) {
    if (error instanceof GraphQLError) return { document: null, faults: [error] };
    throw error;
  }
}

/** Of graphql-transport-ws: nobody knows who asks, and it is known and not enough. */
const unauthorized = 4401;
const forbidden = 4403;

/** Browsers cannot set a header on a handshake: what would be in it comes with the first message. */
function readAuthorization(parameters: Record<string, unknown> | undefined): string | undefined {
  const shown = parameters?.['authorization'] ?? parameters?.['Authorization'];
  return typeof shown === 'string' ? shown : undefined;
}

/** What a socket keeps from its handshake on. */
type SocketExtra = { caller?: Caller };

function overWebSocket(
  schema: GraphQLSchema,
  { services, identify, apiKeys, logger }: GraphQLOptions,
) {
  const mask = (errors: readonly GraphQLError[], requestId: string) =>
    errors.map((error) => maskError(error.toJSON(), error, { logger, requestId }));
  const handle = makeHandler<Record<string, unknown>, SocketExtra>({
    schema,
    isProd: true,
    async onConnect({ extra, connectionParams }) {
      const shown = readAuthorization(connectionParams);
      const caller = await identify(extra.request, null, shown);
      extra.caller = caller;
      if (caller.scopes.size === 0) {
        // Without any key the client is to get one; with one that is not valid it is refused (4403).
        const isKnown = shown !== undefined || extra.request.headers.authorization !== undefined;
        if (!isKnown) extra.socket.close(unauthorized, 'Unauthorized');
        return false;
      }
      const { keyId } = caller;
      if (keyId !== null) {
        const end = () => extra.socket.close(forbidden, 'Forbidden');
        extra.socket.once('close', apiKeys.watch(keyId, end));
      }
      return true;
    },
    // Left to itself, the library answers a document that cannot be parsed by closing the socket, with all
    // the streams on it.
    onSubscribe({ extra }, _id, { query, operationName, variables }) {
      const { document, faults } = readDocument(schema, query);
      if (document === null) return faults;
      const contextValue = { ...services, ...extra.caller };
      return { schema, document, operationName, variableValues: variables, contextValue };
    },
    onError: ({ extra }, _id, _payload, errors) => mask(errors, extra.request.id),
    onNext({ extra }, _id, _payload, _arguments, { data = null, errors }) {
      return errors && { data, errors: mask(errors, extra.request.id) };
    },
  });
  return function handleSocket(this: FastifyInstance, socket: WebSocket, request: FastifyRequest) {
    void handle.call(this, socket, request);
    // A client's own fault, such as a message too large, on which ws has closed the socket with its code
    // already. The library would print it with its stack, and the plugin would cut the close short.
    socket.removeAllListeners('error').on('error', (err) => {
      logger.debug({ err, requestId: request.id }, 'a socket failed');
    });
  };
}
