import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseAllowedHosts } from '../../../src/domain/allowedHosts.ts';
import { extractorsFor, parseVideoUrl } from '../../../src/domain/url.ts';
import type { UrlRefusalCode } from '../../../src/domain/url.ts';

const id = 'dQw4w9WgXcQ';
const { allowedHosts: youtubeOnly } = parseAllowedHosts('');
const { allowedHosts: everySite } = parseAllowedHosts('*');
const { allowedHosts: someHosts } = parseAllowedHosts(
  'youtube.com, media.example, *.radio.example, 127.0.0.1:8080, [::1]:9000, localhost:7000, box.lan:80',
);

describe('a YouTube link', () => {
  const spellings = [
    `https://www.youtube.com/watch?v=${id}`,
    `http://www.youtube.com/watch?v=${id}`,
    `HTTPS://WWW.YOUTUBE.COM/watch?v=${id}`,
    `https://www.YouTube.com/Watch?v=${id}`,
    `https:www.youtube.com/watch?v=${id}`,
    `www.youtube.com/watch?v=${id}`,
    `youtube.com/watch?v=${id}`,
    `//youtube.com/watch?v=${id}`,
    `youtube.com:443/watch?v=${id}`,
    `https://youtube.com:443/watch?v=${id}`,
    `http://youtube.com:80/watch?v=${id}`,
    `https://youtube.com./watch?v=${id}`,
    `  https://youtube.com/watch?v=${id} \n`,
    `\u200bhttps://youtube.com/watch?v=${id}\u2069\u00a0`,
    `https://m.youtube.com/watch?v=${id}`,
    `https://music.youtube.com/watch?v=${id}&list=RDAMVM${id}`,
    `https://gaming.youtube.com/watch?v=${id}`,
    `https://de.youtube.com/watch?v=${id}`,
    `https://www.youtube-nocookie.com/embed/${id}`,
    `https://youtube-nocookie.com/embed/${id}?start=3`,
    `https://www.youtubekids.com/watch?v=${id}`,
    `https://www.youtubeeducation.com/embed/${id}`,
    `https://youtube.googleapis.com/v/${id}`,
    `https://www.youtube.com/watch/?v=${id}`,
    `https://www.youtube.com/watch/${id}`,
    `https://www.youtube.com/watch_popup?v=${id}`,
    `https://www.youtube.com/?v=${id}`,
    `https://www.youtube.com//watch?v=${id}`,
    `https://www.youtube.com/watch?t=42s&v=${id}&feature=youtu.be&pp=ygU`,
    `https://www.youtube.com/watch?v=${id}&v=${id}`,
    `https://www.youtube.com/watch?v=${id}&list=PLxyz&index=7`,
    `https://www.youtube.com/watch?v=${id}&list=RD${id}&start_radio=1`,
    `https://www.youtube.com/watch?v=${id}#t=1m`,
    `https://www.youtube.com/watch?v=%64Qw4w9WgXcQ`,
    `https://www.youtube.com/watch#!v=${id}`,
    `https://www.youtube.com/watch#v=${id}&t=3`,
    `https://m.youtube.com/#/watch?v=${id}`,
    `https://m.youtube.com/index#!/watch?v=${id}`,
    `https://youtu.be/${id}`,
    `youtu.be/${id}`,
    `http://www.youtu.be/${id}/`,
    `https://YOUTU.BE/${id}?t=42`,
    `https://youtu.be/${id}?si=AbCdEf&list=PLxyz`,
    `https://youtu.be/${id}&feature=share`,
    `https://youtu.be/watch?v=${id}`,
    `https://youtu.be/%64Qw4w9WgXcQ`,
    `https://www.youtube.com/shorts/${id}`,
    `https://youtube.com/shorts/${id}?feature=share`,
    `https://www.youtube.com/embed/${id}?autoplay=1&list=PLxyz`,
    `https://www.youtube.com/live/${id}?si=abc`,
    `https://www.youtube.com/v/${id}&hl=en_US&fs=1`,
    `https://www.youtube.com/e/${id}`,
    `https://www.youtube.com/attribution_link?a=xyz&u=%2Fwatch%3Fv%3D${id}%26feature%3Dshare`,
    `https://www.youtube.com/attribution_link?u=https%3A%2F%2Fyoutu.be%2F${id}`,
    `https://consent.youtube.com/m?continue=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D${id}&gl=DE`,
    String.raw`https:\\www.youtube.com\watch?v=${id}`,
  ];

  test.each(spellings)('%j is the same video', (text) => {
    expect(parseVideoUrl(text, youtubeOnly)).toEqual({
      ok: true,
      source: {
        site: 'youtube',
        externalId: id,
        canonicalUrl: `https://www.youtube.com/watch?v=${id}`,
      },
    });
  });

  test('is read the same way when every site is allowed', () => {
    const sources = spellings.map((text) => parseVideoUrl(text, everySite));
    expect(new Set(sources.map((source) => JSON.stringify(source))).size).toBe(1);
  });

  test('may have an id that begins with a dash', () => {
    expect(parseVideoUrl('https://youtu.be/-dQw4w9WgXc', youtubeOnly)).toMatchObject({
      ok: true,
      source: { canonicalUrl: 'https://www.youtube.com/watch?v=-dQw4w9WgXc' },
    });
  });

  test('goes to YouTube’s own extractors alone', () => {
    expect(extractorsFor('youtube')).toBe('youtube');
    expect(extractorsFor('media.example')).toBe('any');
  });
});

describe('a refusal', () => {
  const refused: readonly [text: string, code: UrlRefusalCode][] = [
    ['https://www.youtube.com/playlist?list=PLxyz', 'PLAYLIST_NOT_ALLOWED'],
    ['https://music.youtube.com/playlist?list=OLAK5uy_x', 'PLAYLIST_NOT_ALLOWED'],
    ['https://music.youtube.com/browse/VLPLxyz', 'PLAYLIST_NOT_ALLOWED'],
    ['https://music.youtube.com/browse/MPREb_x', 'PLAYLIST_NOT_ALLOWED'],
    ['https://www.youtube.com/watch?list=PLxyz', 'PLAYLIST_NOT_ALLOWED'],
    ['https://www.youtube.com/embed/videoseries?list=PLxyz', 'PLAYLIST_NOT_ALLOWED'],
    ['https://www.youtube.com/embed?listType=playlist&list=PLxyz', 'PLAYLIST_NOT_ALLOWED'],
    [`https://www.youtube.com/watch_videos?video_ids=${id},x`, 'PLAYLIST_NOT_ALLOWED'],
    ['https://youtu.be/playlist?list=PLxyz', 'PLAYLIST_NOT_ALLOWED'],

    ['https://www.youtube.com', 'NOT_A_VIDEO'],
    ['youtu.be/', 'NOT_A_VIDEO'],
    ['https://www.youtube.com/@RickAstley', 'NOT_A_VIDEO'],
    ['https://www.youtube.com/@RickAstley/live', 'NOT_A_VIDEO'],
    ['https://www.youtube.com/RickAstley', 'NOT_A_VIDEO'],
    ['https://www.youtube.com/channel/UCuAXFkgsw1L7xaCfnd5JJOw', 'NOT_A_VIDEO'],
    ['https://www.youtube.com/user/rick', 'NOT_A_VIDEO'],
    ['https://www.youtube.com/c/rick?list=PLxyz', 'NOT_A_VIDEO'],
    ['https://music.youtube.com/browse/UCxyz', 'NOT_A_VIDEO'],
    ['https://www.youtube.com/results?search_query=never', 'NOT_A_VIDEO'],
    ['https://www.youtube.com/clip/UgkxSomething', 'NOT_A_VIDEO'],
    ['https://www.youtube.com/post/Ugkx', 'NOT_A_VIDEO'],
    ['https://www.youtube.com/feed/trending', 'NOT_A_VIDEO'],
    [`https://www.youtube.com/source/${id}/shorts`, 'NOT_A_VIDEO'],
    [`https://www.youtube.com/redirect?q=https%3A%2F%2Fevil.example&v=${id}`, 'NOT_A_VIDEO'],
    ['https://www.youtube.com/embed/live_stream?channel=UCxyz', 'NOT_A_VIDEO'],
    [`https://www.youtube.com/watch?v=${id}&v=abcdefghijk`, 'NOT_A_VIDEO'],
    [`https://www.youtube.com/watch?v=${id}XYZ`, 'NOT_A_VIDEO'],
    [`https://www.youtube.com/watch?v=${id}XYZ&list=PLxyz`, 'NOT_A_VIDEO'],
    ['https://www.youtube.com/watch?v=short', 'NOT_A_VIDEO'],
    ['https://www.youtube.com/watch?v=', 'NOT_A_VIDEO'],
    ['https://www.youtube.com/watch?v=..%2F..%2Fetc%2F', 'NOT_A_VIDEO'],
    ['https://www.youtube.com/watch?v=%2564Qw4w9WgXc', 'NOT_A_VIDEO'],
    ['https://youtu.be/%E0%A4%A', 'NOT_A_VIDEO'],
    [
      `https://www.youtube.com/attribution_link?u=https%3A%2F%2Fevil.example%2F${id}`,
      'NOT_A_VIDEO',
    ],
    ['https://www.youtube.com/attribution_link', 'NOT_A_VIDEO'],
    [`https://www.youtube.com/attribution_link?u=%2Fattribution_link%3Fu%3D${id}`, 'NOT_A_VIDEO'],
    ['https://consent.youtube.com/m?gl=DE', 'NOT_A_VIDEO'],
    [String.raw`https://youtube.com\@evil.example/watch?v=${id}`, 'NOT_A_VIDEO'],

    [`https://youtube.com.evil.example/watch?v=${id}`, 'URL_HOST_NOT_ALLOWED'],
    [`https://evilyoutube.com/watch?v=${id}`, 'URL_HOST_NOT_ALLOWED'],
    [`https://evil.example/?u=https://youtube.com/watch?v=${id}`, 'URL_HOST_NOT_ALLOWED'],
    [`https://hooktube.com/watch?v=${id}`, 'URL_HOST_NOT_ALLOWED'],
    [`https://yewtu.be/watch?v=${id}`, 'URL_HOST_NOT_ALLOWED'],
    [`https://www.youtube.com:8443/watch?v=${id}`, 'URL_HOST_NOT_ALLOWED'],
    [`http://www.youtube.com:443/watch?v=${id}`, 'URL_HOST_NOT_ALLOWED'],
    ['http://127.0.0.1/', 'URL_HOST_NOT_ALLOWED'],
    ['http://169.254.169.254/latest/meta-data/', 'URL_HOST_NOT_ALLOWED'],
    ['localhost:5432', 'URL_HOST_NOT_ALLOWED'],

    [`https://user:secret@www.youtube.com/watch?v=${id}`, 'URL_HAS_CREDENTIALS'],
    [`https://youtube.com@evil.example/watch?v=${id}`, 'URL_HAS_CREDENTIALS'],
    [`https://:secret@youtube.com/watch?v=${id}`, 'URL_HAS_CREDENTIALS'],

    ['file:///etc/passwd', 'URL_SCHEME_NOT_ALLOWED'],
    ['FILE:/etc/passwd', 'URL_SCHEME_NOT_ALLOWED'],
    ['ftp://youtube.com/x', 'URL_SCHEME_NOT_ALLOWED'],
    ['javascript:alert(1)', 'URL_SCHEME_NOT_ALLOWED'],
    ['data:text/html,hi', 'URL_SCHEME_NOT_ALLOWED'],
    ['ytsearch:never', 'URL_SCHEME_NOT_ALLOWED'],
    [`view-source:https://www.youtube.com/watch?v=${id}`, 'URL_SCHEME_NOT_ALLOWED'],
    [`rtmp://youtube.com/watch?v=${id}`, 'URL_SCHEME_NOT_ALLOWED'],

    ['', 'URL_MALFORMED'],
    ['   ', 'URL_MALFORMED'],
    ['never gonna give you up', 'URL_MALFORMED'],
    ['ytsearch', 'URL_MALFORMED'],
    [id, 'URL_MALFORMED'],
    [`/watch?v=${id}`, 'URL_MALFORMED'],
    ['--config-locations=/tmp/x', 'URL_MALFORMED'],
    ['-U', 'URL_MALFORMED'],
    ['https://', 'URL_MALFORMED'],
    ['https://youtube.com:99999/watch', 'URL_MALFORMED'],
    ['https://you tube.com/watch', 'URL_MALFORMED'],
    ['https://youtube..com/watch', 'URL_MALFORMED'],
    ['https://youtube.com../watch', 'URL_MALFORMED'],
    [`https://www.youtube.com/watch?v=${id} and more`, 'URL_MALFORMED'],
    [`https://www.you\ntube.com/watch?v=${id}`, 'URL_MALFORMED'],
    [`https://www.youtube.com/watch?v=${id}\u0000`, 'URL_MALFORMED'],
    [`https://youtu.be/${id}\r\nHost: evil`, 'URL_MALFORMED'],

    [`https://www.youtube.com/watch?v=${id}&x=${'y'.repeat(2048)}`, 'URL_TOO_LONG'],
    ['x'.repeat(1_000_000), 'URL_TOO_LONG'],
  ];

  test.each(refused)('of %j is %s', (text, code) => {
    expect(parseVideoUrl(text, youtubeOnly)).toMatchObject({ ok: false, code });
  });

  test('says in one sentence what to do, and never repeats the link', () => {
    for (const rules of [youtubeOnly, everySite, someHosts]) {
      for (const [text] of refused) {
        const parsed = parseVideoUrl(text, rules);
        if (parsed.ok) continue;
        expect(parsed.message).toMatch(/^[A-Z][^.?!]*(?:paste|open) [^.?!]*\.$/);
        expect(parsed.message).not.toContain(id);
      }
    }
  });

  test('of YouTube follows when the operator lists other hosts only', () => {
    const { allowedHosts } = parseAllowedHosts('media.example');
    expect(parseVideoUrl(`https://youtu.be/${id}`, allowedHosts)).toMatchObject({
      ok: false,
      code: 'URL_HOST_NOT_ALLOWED',
    });
  });
});

describe('a link to another site', () => {
  const identities: readonly [text: string, site: string, externalId: string, canonical: string][] =
    [
      [
        'https://www.media.example/watch?id=7&utm_source=mail&fbclid=x#t=3',
        'media.example',
        '/watch?id=7',
        'https://www.media.example/watch?id=7',
      ],
      ['HTTP://Media.Example', 'media.example', '/', 'http://media.example/'],
      ['media.example/a/../b', 'media.example', '/b', 'https://media.example/b'],
      ['https://media.example./b', 'media.example', '/b', 'https://media.example/b'],
      ['https://live.radio.example/b', 'live.radio.example', '/b', 'https://live.radio.example/b'],
      ['http://127.0.0.1:8080/a.mp3', '127.0.0.1:8080', '/a.mp3', 'http://127.0.0.1:8080/a.mp3'],
      ['http://2130706433:8080/a', '127.0.0.1:8080', '/a', 'http://127.0.0.1:8080/a'],
      ['https://[::1]:9000/a', '[::1]:9000', '/a', 'https://[::1]:9000/a'],
      ['localhost:7000/a', 'localhost:7000', '/a', 'https://localhost:7000/a'],
      ['http://box.lan/a', 'box.lan', '/a', 'http://box.lan/a'],
      [
        'https://media.example/%7euser/%c3%a9?b=%2f&a=2&a=1&&si=x',
        'media.example',
        '/~user/%C3%A9?a=2&a=1&b=%2F',
        'https://media.example/%7euser/%c3%a9?b=%2f&a=2&a=1',
      ],
      ['https://media.example/#!/v/7', 'media.example', '/#!/v/7', 'https://media.example/#!/v/7'],
      ['https://media.example/??a', 'media.example', '/??a', 'https://media.example/??a'],
      ['https://media.example/?si=x', 'media.example', '/', 'https://media.example/'],
    ];

  test.each(identities)(
    '%j is known by host, path and query',
    (text, site, externalId, canonicalUrl) => {
      expect(parseVideoUrl(text, someHosts)).toEqual({
        ok: true,
        source: { site, externalId, canonicalUrl },
      });
    },
  );

  test('never carries data for yt-dlp’s own insides', () => {
    for (const fragment of ['#__youtubedl_smuggle=%7B%7D', '#/x#__youtubedl_smuggle=%7B%7D']) {
      const parsed = parseVideoUrl(`https://media.example/x${fragment}`, everySite);
      expect(parsed).toMatchObject({ source: { canonicalUrl: 'https://media.example/x' } });
    }
  });

  test.each([
    'https://other.example/',
    'https://media.example:8443/',
    'https://radio.example/',
    'http://127.0.0.1:8081/',
    'http://127.0.0.1/',
    'http://[::1]:9001/',
    'http://[::ffff:127.0.0.1]:8080/',
    'http://localhost/',
    'http://sub.localhost:7000/',
    'https://box.lan/',
    'http://a.box.lan/',
    'https://amedia.example/',
  ])('%j is refused when the operator did not list it', (text) => {
    expect(parseVideoUrl(text, someHosts)).toMatchObject({ code: 'URL_HOST_NOT_ALLOWED' });
  });

  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.0.0.1./',
    'http://①②⑦.0.0.1/',
    'http://0/',
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://192.168.1.1/',
    'http://100.64.0.1/',
    'http://169.254.169.254/',
    'http://168.63.129.16/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[::]/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://[::ffff:8.8.8.8]/',
    'http://[::7f00:1]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://[2002:7f00:1::]/',
    'http://[2001:0:1::1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://localhost/',
    'http://LOCALHOST./',
    'http://db.localhost/',
    'http://metadata.google.internal/',
    'http://printer.local/',
    'http://nas.home.arpa/',
    'http://postgres/',
    'http://public.example:22/',
    'http://public.example:25/',
  ])('%j is refused when every public site is allowed', (text) => {
    expect(parseVideoUrl(text, everySite)).toMatchObject({ code: 'URL_HOST_NOT_ALLOWED' });
  });

  test.each(['https://public.example/v', 'http://public.example:8080/v', 'http://8.8.8.8/v'])(
    '%j is accepted when every public site is allowed',
    (text) => {
      expect(parseVideoUrl(text, everySite)).toMatchObject({ ok: true });
    },
  );

  test('is refused when its address grows too long by its encoding', () => {
    const parsed = parseVideoUrl(`https://public.example/${'é'.repeat(1000)}`, everySite);
    expect(parsed).toMatchObject({ code: 'URL_TOO_LONG' });
  });
});

describe('whatever is pasted', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc
      .array(
        fc.constantFrom(
          ...[
            'https://',
            'http:',
            '//',
            'www.',
            'youtube.com',
            'youtu.be',
            '/watch',
            '?v=',
            '&list=',
            '@',
          ],
          ...[
            '#',
            '#!/',
            '%',
            '%2f',
            ':',
            ':8080',
            '.',
            '..',
            '\\',
            '[::1]',
            '127.1',
            ' ',
            '\t',
            id,
          ],
          ...[
            'attribution_link?u=',
            'é',
            '\ud800',
            '&',
            '=',
            ';',
            '/shorts/',
            'consent.youtube.com',
          ],
        ),
        { maxLength: 9 },
      )
      .map((parts) => parts.join('')),
  );

  test('is answered and never throws; an accepted address is a fixed point', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(youtubeOnly, everySite, someHosts), (text, rules) => {
        const parsed = parseVideoUrl(text, rules);
        if (!parsed.ok) return expect(parsed.message).not.toBe('');
        expect(parseVideoUrl(parsed.source.canonicalUrl, rules)).toEqual(parsed);
        return expect(parsed.source.canonicalUrl).toMatch(/^https?:\/\/[^\s@/]+\/\S*$/);
      }),
      { numRuns: 3000 },
    );
  });

  const videoId = fc.stringMatching(/^[A-Za-z0-9_-]{11}$/);
  const name = fc.stringMatching(/^[a-z]{2,6}$/).filter((each) => each !== 'si' && each !== 'v');
  const parameters = fc.uniqueArray(fc.tuple(name, fc.stringMatching(/^[A-Za-z0-9]{0,5}$/)), {
    selector: ([key]) => key,
    maxLength: 5,
  });

  test('a YouTube video is the same with any parameters, in any order and on any page', () => {
    fc.assert(
      fc.property(
        videoId.filter((each) => each !== 'videoseries' && each !== 'live_stream'),
        parameters,
        fc.constantFrom('/watch?', '/shorts/ID?', '/embed/ID?', '/live/ID?', '/v/ID?', '/e/ID?'),
        fc.constantFrom('youtube.com', 'www.youtube.com', 'm.youtube.com', 'music.youtube.com'),
        fc.nat(5),
        (video, others, page, host, at) => {
          const all = [...others];
          if (page === '/watch?') all.splice(at, 0, ['v', video]);
          const query = all.map((pair) => pair.join('=')).join('&');
          expect(parseVideoUrl(`${host}${page.replace('ID', video)}${query}`, youtubeOnly)).toEqual(
            {
              ok: true,
              source: {
                site: 'youtube',
                externalId: video,
                canonicalUrl: `https://www.youtube.com/watch?v=${video}`,
              },
            },
          );
        },
      ),
    );
  });

  test('another site’s video is the same whatever the order of its parameters, and with tracking', () => {
    fc.assert(
      fc.property(parameters, fc.context(), (given, context) => {
        const one = `https://public.example/v?${given.map((pair) => pair.join('=')).join('&')}`;
        const turned = given.toReversed().map((pair) => pair.join('='));
        const other = `http://WWW.public.example/v?utm_source=x&${turned.join('&')}&gclid=y#top`;
        context.log(`${one} ${other}`);
        const [first, second] = [one, other].map((text) => parseVideoUrl(text, everySite));
        if (!first?.ok || !second?.ok) throw new Error('refused');
        expect({ ...first.source, canonicalUrl: '' }).toEqual({
          ...second.source,
          canonicalUrl: '',
        });
      }),
    );
  });
});
