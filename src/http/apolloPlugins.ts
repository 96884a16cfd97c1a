// What Apollo is taught by plugins: to take the verdicts of documents.ts, to leave subscriptions to the socket, to mask
// errors, and to answer by GraphQL over HTTP. It knows no route, and no service.

import { HeaderMap } from '@apollo/server';
import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, OperationTypeNode, parse } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { LimitReached } from '../domain/limits.ts';
import type { Logger } from '../logger.ts';
import type { Context } from '../resolvers/context.ts';
import type { OperationBudget } from '../services/operationBudget.ts';
import type { Documents } from './documents.ts';
import { maskError } from './errors.ts';
import { costOf, findOverspending } from './operationCost.ts';
import { secondsUntil, tooMuch } from './throttle.ts';

export type RequestContext = Context & { readonly requestId: string };

/**
 * Apollo asks here for what it would else parse and validate itself, by `<schema's hash>:<text's hash>`. In the
 * place of a document that was refused it gets a harmless one, which `limitDocuments` stops. What is merely
 * at fault it looks at again, to say so in the form that was asked for.
 */
export function judgedDocuments(documents: Documents) {
  return {
    async get(key: string) {
      const verdict = documents.recall(key.slice(key.lastIndexOf(':') + 1));
      return verdict?.refused === true ? harmless : (verdict?.document ?? undefined);
    },
    set: async () => {},
    delete: async () => {},
  };
}

const harmless = parse('{ __typename }');

/** Refuses what was judged to be refused, and what would cost too much with its variables, or more than is left. */
export function limitDocuments(
  schema: GraphQLSchema,
  documents: Documents,
  budget: OperationBudget,
): ApolloServerPlugin<RequestContext> {
  const asBadRequest = ({ message, extensions }: GraphQLError) =>
    new GraphQLError(message, { extensions: { ...extensions, http: { status: 400 } } });
  return {
    requestDidStart: async () => ({
      async didResolveSource({ source }) {
        documents.judge(source);
      },
      async didResolveOperation({ source, document, operation, request, contextValue }) {
        const { refused, faults } = documents.judge(source);
        if (refused) throw asBadRequest(faults[0]);
        if (!operation) return;
        const { variables } = request;
        const cost = costOf(schema, { document, operation, variables });
        const overspending = findOverspending(cost);
        if (overspending !== null) throw asBadRequest(overspending);
        // What changes jobs is counted in its own transaction, and refused in its own words.
        if (operation.operation === OperationTypeNode.MUTATION) return;
        const allowance = await budget.spend(contextValue, cost).catch(refuseOverdrawn);
        if (allowance !== null) contextValue.tellCost?.(allowance);
      },
    }),
  };
}

/** 429, with the time in words, in the extensions and in a header. */
function refuseOverdrawn(error: unknown): never {
  const retryAt = error instanceof LimitReached ? error.retryAt : null;
  if (retryAt === null) throw error;
  const headers = new HeaderMap([['retry-after', String(secondsUntil(retryAt))]]);
  const { message, extensions } = tooMuch(retryAt);
  throw new GraphQLError(message, {
    extensions: { ...extensions, http: { status: 429, headers } },
  });
}

/** Not Apollo's formatError: that one does not know the request. */
export function maskErrors(logger: Logger): ApolloServerPlugin<RequestContext> {
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
export const refuseSubscriptions: ApolloServerPlugin = {
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
export const answerOk: ApolloServerPlugin = {
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
