// What holds for every text that anybody pastes, whatever it is.

import fc from 'fast-check';
import { isPublicHost } from '../../../src/domain/address.ts';
import { parseAllowedHosts } from '../../../src/domain/allowedHosts.ts';
import { parseVideoUrl } from '../../../src/domain/url.ts';

const rules = [
  ['', parseAllowedHosts('').allowedHosts],
  ['*', parseAllowedHosts('*').allowedHosts],
  [
    'media.example, *.radio.example',
    parseAllowedHosts('media.example, *.radio.example').allowedHosts,
  ],
] as const;

const schemes = [
  'http://',
  'https://',
  'HTTPS://',
  'http:',
  'https:\\\\',
  '//',
  'file://',
  'ftp://',
  'data:',
  '',
];
const hosts = [
  ...['youtube.com', 'www.youtube.com', 'youtu.be', 'm.youtube.com', 'youtube.com.evil.example'],
  ...['media.example', 'a.radio.example', 'localhost', '127.0.0.1', '127.1', '0x7f.1', '[::1]'],
  ...['[::ffff:127.0.0.1]', '169.254.169.254', '2130706433', 'xn--youtub-dva.com', 'postgres'],
];
const odd = [
  '@',
  ':',
  '/',
  '\\',
  '?',
  '#',
  '%',
  '%00',
  '%2f',
  '%40',
  '..',
  '.',
  '-',
  '--',
  ' ',
  '\t',
  '\n',
  '\r',
];
const stranger = [
  '\u0000',
  '\u202e',
  '\u200b',
  '\ufeff',
  'ⓔ',
  '。',
  '：',
  '𝐲',
  '%u2215',
  '\ud800',
  '__youtubedl_smuggle=',
];
const parts = [
  'watch?v=dQw4w9WgXcQ',
  'v=',
  'list=PL1',
  'dQw4w9WgXcQ',
  '-dQw4w9WgXc',
  'shorts/',
  'attribution_link?u=',
];

/** Links, nearly links, and what is none. */
const pasted = fc.oneof(
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  { weight: 1, arbitrary: fc.webUrl({ withQueryParameters: true, withFragments: true }) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...schemes),
        fc.constantFrom('', 'user@', 'user:pw@', ':@', '@'),
        fc.constantFrom(...hosts),
        fc.constantFrom('', ':80', ':443', ':22', ':8080', ':0', ':99999', '.'),
        fc.array(
          fc.oneof(
            fc.constantFrom(...odd, ...stranger, ...parts, ...hosts),
            fc.string({ unit: 'binary', maxLength: 4 }),
          ),
          { maxLength: 8 },
        ),
      )
      .map(([scheme, user, host, port, rest]) => `${scheme}${user}${host}${port}/${rest.join('')}`),
  },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.constantFrom(...odd, ...stranger, ...hosts, ...schemes, ...parts), {
        maxLength: 12,
      })
      .map((pieces) => pieces.join('')),
  },
);

/** Fails when an accepted link could be anything but a link to an allowed place. */
export const urls = fc.property(pasted, (text) => {
  for (const [name, allowedHosts] of rules) {
    const parsed = parseVideoUrl(text, allowedHosts);
    if (!parsed.ok) {
      check(
        parsed.message.length > 0 && !/[\n\r]/.test(parsed.message),
        'a refusal is one sentence',
      );
      continue;
    }
    const { canonicalUrl } = parsed.source;
    const url = new URL(canonicalUrl);
    check(/^https?:$/.test(url.protocol), `${canonicalUrl} is no web address`);
    check(url.username === '' && url.password === '', `${canonicalUrl} has credentials`);
    check(/^[\x21-\x7e]{1,2048}$/.test(canonicalUrl), `${canonicalUrl} is not plain`);
    check(isPublicHost(url.hostname), `${canonicalUrl} may be private`);
    check(!canonicalUrl.startsWith('-'), `${canonicalUrl} is an option`);
    check(
      !canonicalUrl.includes('#__youtubedl_smuggle'),
      `${canonicalUrl} carries data for yt-dlp`,
    );
    if (name === '')
      check(/(^|\.)youtube\.com$/.test(url.hostname), `${canonicalUrl} is elsewhere`);
    const again = parseVideoUrl(canonicalUrl, allowedHosts);
    check(
      JSON.stringify(again) === JSON.stringify(parsed),
      `${canonicalUrl} means something else the second time`,
    );
  }
});

/** Every way that an IPv4 address can be written, and the addresses that nobody may reach. */
const privateAddress = fc.constantFrom(
  ...([
    [127, 0, 0, 1],
    [10, 1, 2, 3],
    [172, 31, 255, 255],
    [192, 168, 1, 1],
    [169, 254, 169, 254],
    [100, 64, 0, 1],
    [0, 0, 0, 0],
    [255, 255, 255, 255],
  ] as const),
);
const spellNumber = (value: number) =>
  fc.constantFrom(
    `${value}`,
    `0x${value.toString(16)}`,
    `0${value.toString(8)}`,
    `0X${value.toString(16)}`,
  );
const spelled = privateAddress.chain(([a, b, c, d]) => {
  const tail3 = b * 65_536 + c * 256 + d;
  const tail2 = c * 256 + d;
  return fc.oneof(
    fc.tuple(...[a, b, c, d].map(spellNumber)).map((all) => all.join('.')),
    fc.tuple(...[a, b, tail2].map(spellNumber)).map((all) => all.join('.')),
    fc.tuple(...[a, tail3].map(spellNumber)).map((all) => all.join('.')),
    spellNumber(a * 16_777_216 + tail3),
    fc.constant(`[::ffff:${a}.${b}.${c}.${d}]`),
    fc.constant(`[64:ff9b::${a}.${b}.${c}.${d}]`),
    fc.constant(`[::${a}.${b}.${c}.${d}]`),
  );
});

/** Fails when a private address is taken for a public one because of how it is written. */
export const privateAddresses = fc.property(
  spelled,
  fc.constantFrom('', '.'),
  fc.constantFrom('', ':80', ':8080'),
  (host, dot, port) => {
    const text = `http://${host}${host.startsWith('[') ? '' : dot}${port}/x`;
    const parsed = parseVideoUrl(text, parseAllowedHosts('*').allowedHosts);
    check(!parsed.ok, `${text} was accepted`);
  },
);

function check(isFine: boolean, fault: string): void {
  if (!isFine) throw new Error(fault);
}
