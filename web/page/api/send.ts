// Queries and mutations over HTTP, one at a time. It knows the protocol and nothing of jobs.

import { compareClocks } from '../state/clock.ts';
import type { TypedDocumentString } from './documents.generated.ts';

const patienceMs = 15_000;

/** No usable answer: the server was not reached, or it failed. What was sent may be sent again. */
export class NoAnswer extends Error {}

type SendOptions = {
  /** Lets the request outlive the page. */
  readonly keepalive?: boolean;
};

/** Sends one operation and answers its data. Throws NoAnswer. */
export async function send<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  { keepalive = false }: SendOptions = {},
): Promise<Result> {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: document.toString(), variables }),
      signal: AbortSignal.timeout(patienceMs),
      keepalive,
    });
    compareClocks(response.headers.get('date'));
    const { data, errors } = (await response.json()) as {
      data?: Result | null;
      errors?: readonly { message: string }[];
    };
    if (data == null || errors !== undefined) {
      throw new NoAnswer(errors?.map(({ message }) => message).join(' '));
    }
    return data;
  } catch (cause) {
    throw cause instanceof NoAnswer ? cause : new NoAnswer('no answer', { cause });
  }
}
