// What every answer carries, whatever it is: a page, a file that is not there, a fault of the caller's, a request that
// was none.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Target } from './attack.ts';
import { get, post, sendBytes } from './send.ts';
import { startTarget } from './target.ts';

const stack = new AsyncDisposableStack();
let target: Target;
beforeAll(async () => {
  target = await startTarget(stack, {
    OPEN_TO_NETWORK: 'true',
    TRUSTED_PROXIES: '127.0.0.1',
    PUBLIC_ORIGINS: 'https://music.example',
  });
});
afterAll(() => stack.disposeAsync());

type Headers = Readonly<Record<string, unknown>>;

/** Of an answer that was read as bytes. */
function headersIn(text: string): Headers {
  const [head = ''] = text.split('\r\n\r\n', 1);
  return Object.fromEntries(
    head
      .split('\r\n')
      .slice(1)
      .map((line) => [
        line.split(':', 1)[0]?.toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
  );
}

const asBrowser = { accept: 'text/html' };
const answers: Readonly<Record<string, () => Promise<Headers | undefined>>> = {
  'the page': async () => (await get(target, '/', asBrowser)).headers,
  'the queue': async () => (await get(target, '/queue', asBrowser)).headers,
  GraphiQL: async () => (await get(target, '/graphiql', asBrowser)).headers,
  'a page that is not there': async () => (await get(target, '/nowhere', asBrowser)).headers,
  'an asset that is not there': async () => (await get(target, '/assets/nope.js')).headers,
  'an answer of the API': async () => (await post(target, { query: '{ __typename }' })).headers,
  'a document at fault': async () => (await post(target, { query: '{' })).headers,
  'a body that is no JSON': async () => (await post(target, '{')).headers,
  'a body that is too large': async () => (await post(target, 'x'.repeat(300_000))).headers,
  'a query that is a mere link': async () => (await get(target, '/graphql?query={a}')).headers,
  'a file that is not there': async () => (await get(target, '/files/x/y.mp3')).headers,
  'a picture that is not there': async () => (await get(target, '/thumbnails/x.jpg')).headers,
  'a health check': async () => (await get(target, '/livez')).headers,
  'an address that is none': async () => (await get(target, '/%')).headers,
  'a host that is not ours': async () => (await get(target, '/', { host: 'evil.example' })).headers,
  'a request that is none': async () =>
    headersIn((await sendBytes(target, 'nonsense\r\n\r\n')).text),
  'headers that are too long': async () =>
    headersIn((await sendBytes(target, `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).text),
};

describe.each(Object.keys(answers))('%s', (what) => {
  let headers: Headers;
  beforeAll(async () => {
    headers = (await answers[what]?.()) ?? {};
  });

  test('is framed, sniffed, referred from and embedded by nobody', () => {
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()'),
    });
  });

  test('may load from here alone, and run nothing that is written in it', () => {
    const policy = new Map(
      String(headers['content-security-policy'])
        .split('; ')
        .map((directive) => {
          const [name = '', ...sources] = directive.split(' ');
          return [name, sources] as const;
        }),
    );
    expect(policy.get('default-src')).toEqual(["'none'"]);
    expect(policy.get('frame-ancestors')).toEqual(["'none'"]);
    expect(policy.get('base-uri')).toEqual(["'none'"]);
    expect(policy.get('form-action')).toEqual(["'none'"]);
    expect(policy.get('script-src') ?? ["'self'"]).toEqual(["'self'"]);
    const foreign = [...policy.values()]
      .flat()
      .filter((source) => /[.*]|https?:|wss?:/.test(source));
    expect(foreign).toEqual([]);
  });

  test('names neither what serves it nor which version', () => {
    const { server, 'x-powered-by': powered, via } = headers;
    expect({ server, powered, via }).toEqual({
      server: undefined,
      powered: undefined,
      via: undefined,
    });
  });
});

test('over TLS, as a trusted proxy says, browsers are told to stay there', async () => {
  const behind = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'music.example' };
  for (const path of ['/', '/nowhere', '/livez']) {
    const { headers } = await get(target, path, behind);
    expect(headers?.['strict-transport-security']).toBe('max-age=63072000');
  }
  const { headers } = await get(target, '/');
  expect(headers).not.toHaveProperty('strict-transport-security');
});

test('with names of its own it goes by those, by localhost and by addresses', async () => {
  const statusFor = async (host: string) => (await get(target, '/livez', { host })).status;
  expect(await statusFor('music.example')).toBe(200);
  expect(await statusFor('MUSIC.example:8080')).toBe(200);
  expect(await statusFor('localhost:4000')).toBe(200);
  expect(await statusFor('192.0.2.7')).toBe(200);
  expect(await statusFor('[2001:db8::7]:4000')).toBe(200);
  expect(await statusFor('music.example.evil.example')).toBe(421);
});
