// What the page finds in pasted text. What the server makes of a link is tested in test/unit/domain.

import { describe, expect, test } from '@jest/globals';
import { findLinks, readRequests } from '../../../web/page/state/links.ts';

describe('a link within a text', () => {
  test.each([
    ['https://youtu.be/aqz-KE-bpKQ', 'https://youtu.be/aqz-KE-bpKQ'],
    ['Listen: https://youtu.be/aqz-KE-bpKQ, it is great!', 'https://youtu.be/aqz-KE-bpKQ'],
    ['(see https://example.com/a_(b))', 'https://example.com/a_(b)'],
    ['<a href="https://example.com/x?y=1&z=2">', 'https://example.com/x?y=1&z=2'],
    ['**https://example.com/x**', 'https://example.com/x'],
    ['“https://example.com/x”…', 'https://example.com/x'],
    ['\u200bhttps://example.com/x\u200b', 'https://example.com/x'],
    ['youtu.be/aqz-KE-bpKQ', 'youtu.be/aqz-KE-bpKQ'],
    ['m.youtube.com/watch?v=aqz-KE-bpKQ.', 'm.youtube.com/watch?v=aqz-KE-bpKQ'],
    ['www.example.com/x', 'www.example.com/x'],
    ['HTTPS://EXAMPLE.COM/X', 'HTTPS://EXAMPLE.COM/X'],
    ['https://example.com/ends_with_', 'https://example.com/ends_with_'],
  ])('%j holds one', (text, link) => {
    expect(findLinks(text)).toEqual([link]);
  });

  test.each(['', 'hello', 'ftp://youtube.com/x', 'notyoutube.com/x', 'a@youtube.com', 'and/or'])(
    '%j holds none',
    (text) => {
      expect(findLinks(text)).toEqual([]);
    },
  );

  test('several are found in their order, and one that comes twice is found once', () => {
    const text = 'https://b.example/1\nthen https://a.example/2 and https://b.example/1';
    expect(findLinks(text)).toEqual(['https://b.example/1', 'https://a.example/2']);
  });
});

describe('what is asked for', () => {
  test('the links alone, when there are any', () => {
    expect(readRequests(' my song https://a.example/2 ')).toEqual(['https://a.example/2']);
  });
  test('else the text as it is, for the server to say what is wrong with it', () => {
    expect(readRequests(' hello ')).toEqual(['hello']);
  });
  test('nothing, when there is nothing', () => {
    expect(readRequests(' \n ')).toEqual([]);
  });
});
