// Requests that are no proper ones: for other methods, types, hosts and sizes than are served.

import type { Attack, Target } from '../attack.ts';
import { get, post, sendBytes } from '../send.ts';

const mutation = 'mutation { cancelJob(id: "x") { userErrors { code } } }';
const query = '{ queueStats { queued } }';
const asPage = { accept: 'text/html' };

/** A POST whose body is not what the head says. */
const raw =
  (head: string, body = '') =>
  (target: Target) =>
    sendBytes(target, `${head}\r\n\r\n${body}`);

const withBody =
  (type: string, body: string): Attack['attack'] =>
  (target) =>
    post(target, body, { 'content-type': type });

export const httpAttacks: readonly Attack[] = [
  // Cross-site requests: what a form, a link, an image of any page of the web can send
  {
    name: 'a mutation by GET',
    attack: (target) =>
      get(target, `/graphql?query=${encodeURIComponent(mutation)}`, {
        'apollo-require-preflight': 'true',
      }),
    expected: { status: 405, headers: { allow: 'POST' } },
  },
  {
    name: 'a mutation by GET from an image of another page',
    attack: (target) =>
      get(target, `/graphql?query=${encodeURIComponent(mutation)}`, { accept: 'image/*' }),
    expected: { status: 400, text: /CSRF/ },
  },
  {
    name: 'a query by GET from a link of another page',
    attack: (target) => get(target, `/graphql?query=${encodeURIComponent(query)}`, asPage),
    expected: { status: 400, text: /CSRF/ },
  },
  {
    name: 'a GET with the content type of a form',
    attack: (target) =>
      get(target, `/graphql?query=${encodeURIComponent(query)}`, {
        'content-type': 'application/x-www-form-urlencoded',
      }),
    expected: { status: [400, 415] },
  },
  {
    name: 'a GET with a content type that is none',
    attack: (target) =>
      get(target, `/graphql?query=${encodeURIComponent(query)}`, { 'content-type': 'nonsense' }),
    expected: { status: [400, 415] },
  },
  ...[
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain; charset=application/json',
    'application/xml',
    'application/json-patch+json',
    'application/octet-stream',
  ].map((type) => ({
    name: `a mutation as ${type}`,
    attack: withBody(type, JSON.stringify({ query: mutation })),
    expected: { status: [400, 415] },
  })),
  {
    name: 'a mutation without a content type',
    attack: (target) =>
      sendBytes(
        target,
        `POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 26\r\n\r\n{"query":"{ __typename }"}`,
      ),
    expected: { status: [400, 415] },
  },
  {
    name: 'another page’s preflight',
    attack: (target) =>
      get(
        target,
        '/graphql',
        {
          origin: 'https://evil.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
        'OPTIONS',
      ),
    expected: { status: 404 },
  },
  {
    name: 'a POST of another page’s, which may not be read',
    attack: async (target) => {
      const answer = await post(target, { query }, { origin: 'https://evil.example' });
      const allowed = Object.keys(answer.headers ?? {}).filter((name) =>
        name.startsWith('access-control-'),
      );
      return { ...answer, text: `CORS headers: ${allowed.length}` };
    },
    expected: { text: 'CORS headers: 0' },
  },

  // Bodies
  ...Object.entries({
    'that is no JSON': '{',
    'that is empty': '',
    'that is null': 'null',
    'that is a number': '1',
    'that is a text': '"query"',
    'that is a batch': '[{"query":"{ __typename }"},{"query":"{ __typename }"}]',
    'that is an empty batch': '[]',
    'with __proto__': `{"query":"{ __typename }","__proto__":{"admin":true}}`,
    'with __proto__ among the variables': `{"query":"{ __typename }","variables":{"__proto__":{"admin":true}}}`,
    'with constructor.prototype': `{"query":"{ __typename }","variables":{"constructor":{"prototype":{"admin":true}}}}`,
    'whose variables are a text': `{"query":"{ __typename }","variables":"x"}`,
    'whose extensions are a number': `{"query":"{ __typename }","extensions":1}`,
    'in UTF-16': '\u0000{\u0000}',
    'a hundred thousand brackets deep': '['.repeat(100_000),
  }).map(([what, body]) => ({
    name: `a body ${what}`,
    attack: withBody('application/json', body),
    expected: { status: 400 },
  })),
  // Two readers of one body could each take another: here the last one counts, for what is judged and what is run.
  {
    name: 'a body with two queries, the last one a mutation that is not let in beside it',
    attack: withBody(
      'application/json',
      `{"query":${JSON.stringify(query)},"query":"mutation { a: cancelJob(id: 1, id: 2) { job { id } } }"}`,
    ),
    expected: { status: 400, text: 'There can be only one argument named' },
  },
  {
    name: 'a body with two queries, the first one a mutation: it is not run',
    attack: withBody(
      'application/json',
      `{"query":"mutation { requestMp3(url: \\"https://youtu.be/dQw4w9WgXcQ\\") { outcome } }","query":${JSON.stringify(query)}}`,
    ),
    expected: { status: 200, text: /^\{"data":\{"queueStats":\{"queued":\d+\}\}\}\s*$/ },
  },
  {
    name: 'a body with two queries, a small one before one that is too large',
    attack: withBody(
      'application/json',
      `{"query":${JSON.stringify(query)},"query":"{ ${'a: __typename '.repeat(21)}}"}`,
    ),
    expected: { status: 400, text: 'DOCUMENT_TOO_LARGE' },
  },
  {
    name: 'a body with two sets of variables, the first one as it should be',
    attack: withBody(
      'application/json',
      `{"query":"query ($id: ID!) { job(id: $id) { id } }","variables":{"id":"x"},"variables":{"id":{}}}`,
    ),
    expected: { status: [200, 400], text: 'BAD_USER_INPUT' },
  },
  {
    name: 'a body with one variable twice',
    attack: withBody(
      'application/json',
      `{"query":"query ($id: ID!) { job(id: $id) { id } }","variables":{"id":"x","id":[1]}}`,
    ),
    expected: { status: [200, 400], text: 'BAD_USER_INPUT' },
  },
  {
    name: 'a body with two queries, one of them in escapes',
    attack: withBody(
      'application/json',
      `{"query":${JSON.stringify(query)},"\\u0071uery":"{ nothing }"}`,
    ),
    expected: { status: 400, text: 'GRAPHQL_VALIDATION_FAILED' },
  },
  {
    name: 'a body in UTF-7',
    attack: withBody('application/json; charset=utf-7', '+AHs-+ACI-query+ACI-+AH0-'),
    expected: { status: [400, 415] },
  },
  {
    name: 'a body of 1 MB',
    attack: withBody('application/json', JSON.stringify({ query, padding: 'x'.repeat(1_000_000) })),
    expected: { status: 413 },
  },
  {
    name: 'a variable of 10 MB',
    attack: (target) =>
      sendBytes(
        target,
        `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10000000\r\n\r\n{"query":"`,
      ),
    expected: { status: 413 },
  },
  {
    name: 'a body without an end, in chunks',
    attack: (target) =>
      sendBytes(
        target,
        `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${`8000\r\n${'x'.repeat(0x8000)}\r\n`.repeat(8)}`,
      ),
    expected: { status: 413 },
  },
  {
    name: 'a bomb of compressed zeros',
    attack: withBody('application/json', '\u001f\u008b\u0008'.padEnd(64, '\u0000')),
    expected: { status: 400 },
  },
  {
    name: 'a body that says that it is compressed',
    attack: (target) => post(target, '{"query":"{ __typename }"}', { 'content-encoding': 'gzip' }),
    expected: { status: [200, 400, 415] },
  },

  // Requests that two servers in a row could read differently
  {
    name: 'two lengths of one body',
    attack: raw(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6',
      'abcde',
    ),
    expected: { status: 400 },
  },
  {
    name: 'a length and chunks',
    attack: raw(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked',
      '0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n',
    ),
    expected: { status: 400 },
  },
  {
    name: 'chunks under a misspelled name',
    attack: raw(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked',
      '0\r\n\r\n',
    ),
    expected: { status: 400 },
  },
  {
    name: 'a header that is folded over two lines',
    attack: raw('GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b'),
    expected: { status: 400 },
  },
  {
    name: 'lines that end with CR alone',
    attack: raw('GET / HTTP/1.1\rHost: localhost\r'),
    expected: { status: 400 },
  },
  { name: 'no host', attack: raw('GET /livez HTTP/1.1'), expected: { status: 400 } },
  {
    name: 'what is no HTTP',
    attack: (target) => sendBytes(target, '\u0016\u0003\u0001 SSH-2.0-x\r\n\r\n'),
    expected: { status: 400 },
  },
  {
    name: '20 kB of headers',
    attack: raw(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}`),
    expected: { status: 431 },
  },
  {
    name: '3,000 headers',
    attack: raw(
      `GET / HTTP/1.1\r\nHost: localhost\r\n${Array.from({ length: 3_000 }, (_, index) => `X${index}: 1`).join('\r\n')}`,
    ),
    expected: { status: [400, 431] },
  },
  {
    name: 'an address of 20 kB',
    attack: raw(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost`),
    expected: { status: 431 },
  },
  ...['TRACE', 'PUT', 'DELETE', 'PATCH', 'PROPFIND'].map((method) => ({
    name: `the method ${method}`,
    attack: (target: Target) => get(target, '/graphql', {}, method),
    expected: { status: [400, 404, 405] },
  })),
  {
    name: 'a tunnel to somewhere else (CONNECT)',
    attack: raw('CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 169.254.169.254:80'),
    expected: { status: null },
  },
  {
    name: 'the address of another server (an open proxy)',
    attack: raw(
      'GET http://169.254.169.254/latest/meta-data/ HTTP/1.1\r\nHost: localhost\r\nConnection: close',
    ),
    expected: { status: [400, 404, 421] },
  },

  // Names that are not ours: DNS rebinding
  ...['evil.example', 'evil.example:4000', 'localhost.evil.example', '127.0.0.1.evil.example'].map(
    (host) => ({
      name: `the host ${host}`,
      attack: (target: Target) => post(target, { query }, { host }),
      expected: { status: 421, text: 'PUBLIC_ORIGINS' },
    }),
  ),
  ...['x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'forwarded', 'via'].map((header) => ({
    name: `a stranger whom a proxy on this machine brings, by ${header}`,
    attack: (target: Target) => post(target, { query }, { [header]: 'for.evil.example' }),
    expected: { status: 403, text: 'OPEN_TO_NETWORK' },
  })),
  {
    name: 'TLS by X-Forwarded-Proto, which nobody trusts',
    attack: async (target) => {
      const { headers, ...answer } = await get(target, '/', { 'x-forwarded-proto': 'https' });
      return { ...answer, text: `HSTS: ${String(headers?.['strict-transport-security'])}` };
    },
    expected: { text: 'HSTS: undefined' },
  },

  // Addresses that would be paths
  ...[
    '/../../../../etc/passwd',
    '/..%2f..%2f..%2f..%2fetc%2fpasswd',
    '/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
    '/assets/../../../package.json',
    '/assets/..%2f..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/%2e%2e/package.json',
    String.raw`/assets/..\..\..\package.json`,
    '/assets/..%5c..%5cpackage.json',
    '/assets/....//....//package.json',
    '/assets/%00',
    '/assets/%c0%ae%c0%ae/package.json',
    '/assets//etc/passwd',
    '/graphiql/assets/..%2f..%2findex.html',
    '/icons/../../../.env',
    '/icons/..%2f..%2f..%2f..%2f.env',
    '/.env',
    '/.git/config',
    '/%',
    '/%ff%fe',
    '//evil.example/%2f..',
  ].map((path) => ({
    name: `the address ${path}`,
    attack: (target: Target) => get(target, path),
    expected: { status: [400, 403, 404] },
  })),
];
