// The HTTP status of an operation that the caller may not do. Whether they may, the resolvers decide.

import type { ApolloServerPlugin } from '@apollo/server';

/** By `code` in `extensions`. */
const statuses: Readonly<Record<string, number>> = { UNAUTHENTICATED: 401, FORBIDDEN: 403 };

/** Has to come after the plugin that masks errors. An answer that holds any data stays what it is. */
export const answerDenied: ApolloServerPlugin = {
  requestDidStart: async () => ({
    async willSendResponse({ response }) {
      if (response.body.kind !== 'single') return;
      const { data, errors = [] } = response.body.singleResult;
      if (Object.values(data ?? {}).some((value) => value !== null)) return;
      const [status] = errors.flatMap(
        ({ extensions }) => statuses[String(extensions?.['code'])] ?? [],
      );
      if (status === undefined) return;
      response.http.status = status;
      // RFC 6750, 3: how to ask again.
      if (status === 401) response.http.headers.set('www-authenticate', 'Bearer realm="tapedeck"');
    },
  }),
};
