// What an attack is, and how one is judged: it gets exactly the answer that the table expects, the answer tells
// nothing about us, and the server goes on to answer everybody else.

import { expect, test } from '@jest/globals';
import { expectNothingDisclosed } from '../support/disclosure.ts';
import type { TestDatabase } from '../support/database.ts';
import { sendRaw } from '../support/rawHttp.ts';

/** The server under attack: a process of its own, on a real socket. */
export type Target = {
  readonly url: string;
  readonly dataFolder: string;
  readonly database: TestDatabase;
  /** Everything that it wrote to its log so far. */
  readonly output: () => string;
  /** By what it knows who may ask, where nobody may without. */
  readonly normalHeaders?: Readonly<Record<string, string>>;
};

/** All that came back, as far as it was read. */
export type Answer = {
  /** Null when there was none before the connection ended. */
  readonly status?: number | null;
  /** Of a WebSocket that the server closed. */
  readonly closeCode?: number;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly text: string;
};

/** `Aimed` is what it has to know of its target. */
export type Attack<Aimed extends Target = Target> = {
  /** What is tried, unique in its table. */
  readonly name: string;
  readonly attack: (target: Aimed) => Promise<Answer>;
  /** Parts that the answer has to have; a text or a pattern stands for what `text` has to hold. */
  readonly expected: {
    readonly status?: number | null | readonly number[];
    readonly closeCode?: number;
    readonly text?: string | RegExp;
    readonly headers?: Readonly<Record<string, unknown>>;
  };
};

/** Far more than a query takes on a busy machine, and less than anybody would call being served. */
const normalAnswerMs = 5_000;

/** Every attack of the table as a test of its own. */
export function testAttacks<Aimed extends Target>(
  target: () => Aimed,
  attacks: readonly Attack<Aimed>[],
): void {
  test.each(attacks.map((each) => [each.name, each] as const))('%s', async (_, attack) => {
    const ours = target();
    const answer = await attack.attack(ours);
    expect(answer).toMatchObject(toMatcher(attack.expected));
    expectNothingLeaked(answer, ours);
    await expectNormalAnswer(ours);
  });
}

/** What may be one of several, or is only a part, as something that an answer can be held against. */
function toMatcher({ status, text = '', ...rest }: Attack['expected']): object {
  const pattern = typeof text === 'string' ? RegExp.escape(text) : text;
  return {
    ...rest,
    ...(status !== undefined && { status: Array.isArray(status) ? oneOf(status) : status }),
    text: expect.stringMatching(pattern),
  };
}

function oneOf(values: readonly number[]): unknown {
  return {
    $$typeof: Symbol.for('jest.asymmetricMatcher'),
    asymmetricMatch: (value: unknown) => values.some((each) => each === value),
    toAsymmetricMatcher: () => `one of ${values.join(', ')}`,
  };
}

/** Headers too, but for those that say when, and the request's id. */
function expectNothingLeaked(
  { text, headers = {} }: Pick<Answer, 'text' | 'headers'>,
  { dataFolder, database }: Target,
): void {
  const told = `${text}\n${JSON.stringify(headers)}`;
  expectNothingDisclosed(told, { dataFolder, config: { databaseUrl: database.url } });
}

/** The server answers an ordinary query of somebody else, and in time. */
async function expectNormalAnswer({ url, normalHeaders }: Target): Promise<void> {
  const late = AbortSignal.timeout(normalAnswerMs);
  const { promise, reject } = Promise.withResolvers<never>();
  late.addEventListener('abort', () =>
    reject(new Error(`a normal query was not answered within ${normalAnswerMs} ms`)),
  );
  const answered = sendRaw(url, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...normalHeaders },
    body: '{"query":"{ queueStats { queued } }"}',
  });
  const { status, body } = await Promise.race([answered, promise]);
  expect({ status, body: body.toString() }).toEqual({
    status: 200,
    body: expect.stringMatching(/^\{"data":\{"queueStats":\{"queued":\d+\}\}\}\s*$/),
  });
}
