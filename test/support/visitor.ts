// A caller with an identity of their own: a browser that keeps its cookies, or a program with an API key.

import type { ExecutionResult } from 'graphql';
import type { RawAnswer } from './rawHttp.ts';
import { sendRaw } from './rawHttp.ts';

type Variables = Readonly<Record<string, unknown>>;

export type Visitor = {
  /** Sends one operation by POST; cookies that are set are kept. */
  readonly post: (query: string, variables?: Variables) => Promise<RawAnswer>;
  /** The same, and answers the result. */
  readonly send: (query: string, variables?: Variables) => Promise<ExecutionResult<any>>;
  /** The headers by which the server knows them. */
  readonly headers: () => Record<string, string>;
};

type Identity = {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Nobody knows them yet, unless they have a key. */
export function newVisitor(url: string, { key, headers = {} }: Identity = {}): Visitor {
  const cookies = new Map<string, string>();
  const visitor: Visitor = {
    headers: () => ({
      ...headers,
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(cookies.size > 0 && {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      }),
    }),
    async post(query, variables = {}) {
      const answer = await sendRaw(url, '/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...visitor.headers() },
        body: JSON.stringify({ query, variables }),
      });
      for (const cookie of answer.headers['set-cookie'] ?? []) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        cookies.set(name, value);
      }
      return answer;
    },
    async send(query, variables) {
      const { body } = await visitor.post(query, variables);
      return JSON.parse(body.toString()) as ExecutionResult<any>;
    },
  };
  return visitor;
}
