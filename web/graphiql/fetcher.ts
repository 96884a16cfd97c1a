// Sends the editor's operations: queries and mutations over HTTP, subscriptions over one lazy
// WebSocket to the same path. It keeps no state but the id of the job requested last.

import { createGraphiQLFetcher, type Fetcher, type FetcherParams } from '@graphiql/toolkit';
import { type DocumentNode, getOperationAST, GraphQLError, parse } from 'graphql';
import { createClient } from 'graphql-ws';

/** As the variable `id`: stands for the job that this browser requested last. */
export const LAST_REQUESTED = '<last requested>';
const STORAGE_KEY = 'tapedeck:lastRequested';

const NOTHING_REQUESTED =
  'Nothing was requested in this browser yet: run the Request tab first, ' +
  `or put the id of a job in the place of "${LAST_REQUESTED}" in the variables.`;

const send = createGraphiQLFetcher({
  url: '/graphql',
  wsClient: createClient({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`,
  }),
  // The schema has no @defer and no @stream, so answers never come in parts.
  enableIncrementalDelivery: false,
});

/** GraphiQL's fetcher; puts the real id in the place of `LAST_REQUESTED`. */
export const fetcher: Fetcher = async (operation, options) => {
  let { variables } = operation;
  if (variables?.id === LAST_REQUESTED) {
    const id = localStorage.getItem(STORAGE_KEY);
    if (id === null) return { errors: [new GraphQLError(NOTHING_REQUESTED)] };
    variables = { ...variables, id };
  }
  const answer = await send(...asWritten({ ...operation, variables }, options));
  const id = requestedId(answer);
  if (id !== undefined) localStorage.setItem(STORAGE_KEY, id);
  return answer;
};

/**
 * GraphiQL learns what the editor holds 100 ms late: play pressed right after a change of tab comes
 * with the operation of the tab before, and a subscription would go over HTTP. So the text decides.
 */
function asWritten(operation: FetcherParams, options: Parameters<Fetcher>[1]): Parameters<Fetcher> {
  const document = parsed(operation.query);
  if (document === undefined) return [operation, options ?? {}];
  const chosen = getOperationAST(document, operation.operationName) ?? getOperationAST(document);
  return [
    { ...operation, operationName: chosen?.name?.value ?? null },
    { ...options, documentAST: document },
  ];
}

function parsed(text: string): DocumentNode | undefined {
  try {
    return parse(text);
  } catch {
    return undefined; // The server's answer says where the text is wrong.
  }
}

function requestedId(answer: unknown): string | undefined {
  const { data } = answer as { data?: { requestMp3?: { job?: { id?: string } } } };
  return data?.requestMp3?.job?.id;
}
