// Queries and mutations over HTTP, one at a time. It knows the protocol and nothing of jobs.

import { authorization, closeFor } from '../state/access.ts';
import { compareClocks } from '../state/clock.ts';
import type { TypedDocumentString } from './documents.generated.ts';

const patienceMs = 15_000;

/** No usable answer: the server was not reached, or it failed. What was sent may be sent again. */
export class NoAnswer extends Error {}

/** The caller may not do this; the message is the server's sentence. `isKnown`: it does know who asks. */
export class NotAllowed extends NoAnswer {
  readonly isKnown: boolean;

  constructor(message: string | undefined, isKnown: boolean) {
    super(message);
    this.isKnown = isKnown;
  }
}

type SendOptions = {
  /** Lets the request outlive the page. */
  readonly keepalive?: boolean;
};

/** Sends one operation and answers its data. Throws NoAnswer, also as NotAllowed. */
export async function send<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  { keepalive = false }: SendOptions = {},
): Promise<Result> {
  const key = authorization();
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(key === null ? {} : { authorization: key }),
      },
      body: JSON.stringify({ query: document.toString(), variables }),
      signal: AbortSignal.timeout(patienceMs),
      keepalive,
    });
    compareClocks(response.headers.get('date'));
    const { data, errors } = (await response.json()) as {
      data?: Result | null;
      errors?: readonly { message: string }[];
    };
    const told = errors?.map(({ message }) => message).join(' ');
    if (response.status === 401) closeFor(key);
    if (response.status === 401) throw new NotAllowed(told, false);
    if (response.status === 403) throw new NotAllowed(told, true);
    if (data == null || errors !== undefined) throw new NoAnswer(told);
    return data;
  } catch (cause) {
    throw cause instanceof NoAnswer ? cause : new NoAnswer('no answer', { cause });
  }
}
