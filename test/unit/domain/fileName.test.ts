import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { artifactFileName } from '../../../src/domain/fileName.ts';

const nameOf = (title: string | null, uploader: string | null = null, externalId = 'dQw4w9WgXcQ') =>
  artifactFileName({ title, uploader, externalId });

describe('the file name', () => {
  test.each([
    ['Hello', 'Adele', 'Adele - Hello.mp3'],
    ['Adele - Hello', 'Adele', 'Adele - Hello.mp3'],
    ['ADELE: Hello', 'Adele', 'ADELE - Hello.mp3'],
    ['Adele', 'Adele', 'Adele.mp3'],
    ['Artful', 'Art', 'Art - Artful.mp3'],
    ['Hello', 'Adele - Topic', 'Adele - Hello.mp3'],
    ['Hello', null, 'Hello.mp3'],
    ['Hello', '', 'Hello.mp3'],
    [null, 'Adele', 'Adele - dQw4w9WgXcQ.mp3'],
    [null, null, 'dQw4w9WgXcQ.mp3'],
    ['夜に駆ける', 'YOASOBI', 'YOASOBI - 夜に駆ける.mp3'],
    ['Für Elise ♥ 👩‍👩‍👧', null, 'Für Elise ♥ 👩‍👩‍👧.mp3'],
    ['Thunderstruck', 'AC/DC', 'AC-DC - Thunderstruck.mp3'],
    ['Live: 12:30 "now" <a>|b*?', null, "Live - 12-30 'now' a-b.mp3"],
    ['..\\..\\windows\\system32', null, 'windows-system32.mp3'],
    ['../../etc/passwd', null, 'etc-passwd.mp3'],
    ['.htaccess', null, 'htaccess.mp3'],
    ['-rf --no-preserve-root', null, 'rf --no-preserve-root.mp3'],
    ['  many \t\r\n\u2028 spaces  ', null, 'many spaces.mp3'],
    ['ends in dots...', null, 'ends in dots.mp3'],
    ['evil\u202egpj.exe', null, 'evilgpj.exe.mp3'],
    ['a\u0000b\u001b[31mc\u200bd\ufeff', null, 'a b [31mcd.mp3'],
    ['\u200d\u200c', null, 'dQw4w9WgXcQ.mp3'],
    ['///', null, 'dQw4w9WgXcQ.mp3'],
    ['con', null, 'con_.mp3'],
    ['AUX.live', null, 'AUX_.live.mp3'],
    ['COM1', null, 'COM1_.mp3'],
    ['Conga', null, 'Conga.mp3'],
    ['e\u0301te\u0301', null, 'été.mp3'],
    ['a\ud800b', null, 'ab.mp3'],
    ['100%41 $(reboot) `x`', null, '100%41 $(reboot) `x`.mp3'],
  ])('of %j by %j is %j', (title, uploader, expected) => {
    expect(nameOf(title, uploader)).toBe(expected);
  });

  test('is audio.mp3 when nothing readable is left', () => {
    expect(nameOf('???', '***', '///')).toBe('audio.mp3');
  });

  test('falls back to the id when the title is one endless character', () => {
    expect(nameOf(`a${'\u0301'.repeat(500)}`)).toBe('dQw4w9WgXcQ.mp3');
  });

  test('is cut at 150 characters, and a long artist leaves room for the title', () => {
    expect(nameOf('x'.repeat(400))).toBe(`${'x'.repeat(146)}.mp3`);
    expect(nameOf('Hello', 'y'.repeat(400))).toBe(`${'y'.repeat(60)} - Hello.mp3`);
  });

  test('never cuts a flag or a family in two', () => {
    const family = '👨‍👩‍👧‍👦';
    const stem = nameOf(family.repeat(40)).slice(0, -'.mp3'.length);
    expect(stem.replaceAll(family, '')).toBe('');
    expect(stem).not.toBe('');
  });

  test('costs no time for a title of a megabyte', () => {
    expect(nameOf(' :'.repeat(500_000))).toBe('dQw4w9WgXcQ.mp3');
  });

  test('is safe for every system, whatever the site says', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc
        .array(
          fc.constantFrom(
            'con',
            '.',
            '..',
            '/',
            '\\',
            '-',
            ' ',
            '\u202e',
            ':',
            'é',
            '👨‍👩‍👧',
            '\ud800',
          ),
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(hostile, hostile, hostile, (title, uploader, externalId) => {
        const name = nameOf(title, uploader, externalId);
        expect(name).toMatch(/^[^\s.-].*\.mp3$/su);
        expect(name).not.toMatch(/[\p{Cc}\p{Bidi_Control}\ufffd/\\:*?"<>|]|\s{2}/u);
        expect(name).not.toMatch(/^(?:con|prn|aux|nul|com\d|lpt\d)\./i);
        expect(name.length).toBeLessThanOrEqual(150);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(236);
        expect(name.isWellFormed()).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
