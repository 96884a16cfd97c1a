// Links that want to be something else: an option, a file, another scheme, a private address. Against a server that
// takes every public site, which is where there is most to win.

import type { Attack, Target } from '../attack.ts';
import { post } from '../send.ts';

const id = 'dQw4w9WgXcQ';

const ask = (target: Target, url: unknown) =>
  post(target, {
    query:
      'mutation ($url: String!) { requestMp3(url: $url) { job { id } userErrors { code message path } } }',
    variables: { url },
  });

const refused: Readonly<Record<string, readonly string[]>> = {
  URL_MALFORMED: [
    '--exec=touch /tmp/pwned',
    '-o/tmp/x',
    '--batch-file=/etc/passwd',
    '--config-locations=/tmp/x',
    '-',
    '--',
    '$(id)',
    '`id`',
    '; id',
    '| id',
    '/etc/passwd',
    '../../etc/passwd',
    `https://youtu.be/${id}\r\nHost: evil.example`,
    `https://youtu.be/${id}\u0000.mp3`,
    `https://you\ttube.com/watch?v=${id}`,
    'https://',
    'https://[::1',
    'https://youtube.com:99999/',
    '',
    ' ',
  ],
  URL_SCHEME_NOT_ALLOWED: [
    'file:///etc/passwd',
    'file://localhost/etc/passwd',
    'FILE:/etc/passwd',
    'ftp://ftp.example/x.mp3',
    'data:audio/mpeg;base64,AAAA',
    'javascript:alert(1)',
    'gopher://127.0.0.1:6379/_FLUSHALL',
    'dict://127.0.0.1:11211/stats',
    'ytsearch:anything',
    'ytsearchall:anything',
    'concat:/etc/passwd|/etc/hosts',
    'rtmp://media.example/live',
    'view-source:https://example.com',
    'blob:https://example.com/1',
    'jar:https://example.com!/',
  ],
  URL_HAS_CREDENTIALS: [
    `https://youtube.com@evil.example/watch?v=${id}`,
    `https://user:password@youtube.com/watch?v=${id}`,
    `https://youtube.com%40evil.example:x@evil.example/`,
  ],
  URL_HOST_NOT_ALLOWED: [
    'http://127.0.0.1/',
    'http://127.1/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://2130706433/',
    'http://0/',
    'http://①②⑦.⓪.⓪.①/',
    'http://localhost/',
    'http://localhost./',
    'http://a.localhost/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://169.254.169.254/latest/meta-data/',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://192.168.0.1/',
    'http://100.64.0.1/',
    'http://255.255.255.255/',
    'http://router.local/',
    'http://postgres:5432/',
    'http://example.com:22/',
    'http://example.com:25/',
  ],
  URL_TOO_LONG: [
    `https://example.com/${'x'.repeat(2_049)}`,
    `https://example.com/${'é'.repeat(1_000)}`,
  ],
  PLAYLIST_NOT_ALLOWED: ['https://www.youtube.com/playlist?list=PLBCF2DAC6FFB574DE'],
  NOT_A_VIDEO: [
    'https://www.youtube.com/@channel',
    'https://www.youtube.com/redirect?q=http://127.0.0.1/',
  ],
};

/**
 * Names that look like YouTube's. Where every public site is taken, those that are names at all are sites like any
 * other; these are for a server that takes YouTube alone.
 */
const lookalikes: Readonly<Record<string, readonly string[]>> = {
  // Letters of other scripts, and marks above ours
  URL_HOST_NOT_ALLOWED: [
    'youtub\u0435.com',
    '\u0443outube.com',
    'y\u03bfutube.com',
    'youtube.c\u03bfm',
    'youtu.b\u0435',
    'y\u00f6utube.com',
    'youtub\u0307e.com',
    'xn--youtub-8of.com',
    'youtube.com\u2044watch.example',
    'youtube.com\u2215watch.example',
    'youtube.com\u00b7example.com',
    'youtube.com.evil.example',
    'rnyoutube.com',
  ],
  URL_MALFORMED: [
    // Right to left
    '\u202emoc.ebutuoy',
    'you\u202etube.com',
    'you\u2066tube.com',
    'you\u200ftube.com',
    'youtube\u05d0.com',
    '\u0627youtube.com',
    // Of no width
    'you\u200dtube.com',
    'you\u200ctube.com',
    'you\ufefftube.com',
    // What becomes a separator
    'youtube.com\uff0fevil.example',
    'youtube.com\uff20evil.example',
    'youtube.com\uff03.evil.example',
    'youtube.com\u2100evil.example',
    'you\ud800tube.com',
  ],
  URL_HAS_CREDENTIALS: ['youtube.com\uff0f@evil.example', 'youtu.be\u2044@evil.example'],
};

/** What the URL standard takes out or folds, so that it is YouTube's name: only that is ever told or fetched. */
const spellings = [
  'you\u200btube.com',
  'you\u2060tube.com',
  'you\u00adtube.com',
  'ｙｏｕｔｕｂｅ。com',
];

/** As escapes: it is what cannot be seen that matters. */
const escaped = (text: string) =>
  text.replace(
    /[^\x20-\x7e]/g,
    (unit) => String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

export const lookalikeAttacks: readonly Attack[] = [
  ...Object.entries(lookalikes).flatMap(([code, hosts]) =>
    hosts.map((host) => ({
      name: `a link to ${escaped(host)}`,
      attack: (target: Target) => ask(target, `https://${host}/watch?v=${id}`),
      expected: { status: 200, text: `"job":null,"userErrors":[{"code":"${code}"` },
    })),
  ),
  ...spellings.map((host) => ({
    name: `a link to ${escaped(host)}, which is YouTube’s name in the end`,
    attack: (target: Target) =>
      post(target, {
        query: 'mutation ($url: String!) { requestMp3(url: $url) { job { sourceUrl } } }',
        variables: { url: `https://${host}/watch?v=${id}` },
      }),
    expected: { status: 200, text: `{"sourceUrl":"https://www.youtube.com/watch?v=${id}"}` },
  })),
];

const short = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

export const urlAttacks: readonly Attack[] = [
  ...Object.entries(refused).flatMap(([code, urls]) =>
    urls.map((url) => ({
      name: `the link ${JSON.stringify(short(url))}`,
      attack: (target: Target) => ask(target, url),
      expected: { status: 200, text: `"job":null,"userErrors":[{"code":"${code}"` },
    })),
  ),
  {
    name: 'a link that is a list',
    attack: (target) => ask(target, ['https://youtu.be/x']),
    expected: { status: [200, 400], text: 'BAD_USER_INPUT' },
  },
  {
    name: 'a link that is an object',
    attack: (target) => ask(target, { toString: 'https://youtu.be/x' }),
    expected: { status: [200, 400], text: 'BAD_USER_INPUT' },
  },
  {
    name: 'a link of 100,000 characters',
    attack: (target) => ask(target, `https://youtu.be/${'x'.repeat(100_000)}`),
    expected: { status: 200, text: 'URL_TOO_LONG' },
  },
  {
    name: 'a quality that is a command',
    attack: (target) =>
      post(target, {
        query:
          'mutation ($o: Mp3OptionsInput!) { requestMp3(url: "youtu.be/x", options: $o) { outcome } }',
        variables: { o: { quality: '320k; id' } },
      }),
    expected: { status: [200, 400], text: 'BAD_USER_INPUT' },
  },
  {
    name: 'an option that there is not',
    attack: (target) =>
      post(target, {
        query:
          'mutation ($o: Mp3OptionsInput!) { requestMp3(url: "youtu.be/x", options: $o) { outcome } }',
        variables: { o: { exec: 'id' } },
      }),
    expected: { status: [200, 400], text: 'BAD_USER_INPUT' },
  },
  {
    name: 'an idempotency key of 100,000 characters',
    attack: (target) =>
      post(target, {
        query:
          'mutation ($k: String!) { requestMp3(url: "https://youtu.be/dQw4w9WgXcQ", idempotencyKey: $k) { job { id } userErrors { code } } }',
        variables: { k: 'k'.repeat(100_000) },
      }),
    expected: { status: 200, text: 'OPTION_INVALID' },
  },
  {
    name: 'an idempotency key that is SQL, with a NUL',
    attack: (target) =>
      post(target, {
        query:
          'mutation ($k: String!) { requestMp3(url: "https://youtu.be/dQw4w9WgXcQ", idempotencyKey: $k) { job { id } userErrors { code } } }',
        variables: { k: "'); drop table tapedeck.jobs; --\u0000" },
      }),
    expected: { status: 200, text: 'OPTION_INVALID' },
  },
];
