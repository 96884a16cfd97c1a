import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { prettyFactory } from 'pino-pretty';
import { escapeForJson, escapeForTerminal } from '../../src/logger.ts';

/** What a stranger writes who knows what a terminal does. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\u001b[2J',
        '\u009b31m',
        '\u001b]0;owned\u0007',
        '\r',
        '\n',
        '\b',
        '\t',
        '\f',
        '\u0000',
      ),
      fc.constantFrom(
        '\u202e',
        '\u2066',
        '\u2028',
        '\u007f',
        '\\',
        '\\n',
        '\\u001b',
        '"',
        '"msg":"x"}',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
  )
  .map((parts) => parts.join(''));
const line = (title: string, msg: string) => `${JSON.stringify({ level: 30, title, msg })}\n`;

/** Every control but the line break, and what turns writing round. */
const controls = /[^\P{Cc}\n]|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

test('a line of JSON loses nothing, and holds no control', () => {
  fc.assert(
    fc.property(hostile, hostile, (title, msg) => {
      const escaped = escapeForJson(line(title, msg));
      expect(JSON.parse(escaped)).toEqual({ level: 30, title, msg });
      expect(escaped.trimEnd()).not.toMatch(controls);
    }),
  );
});

test('a pretty line holds no control, and its message no second line', () => {
  const pretty = prettyFactory({ colorize: false, singleLine: true, translateTime: false });
  fc.assert(
    fc.property(hostile, hostile, (title, msg) => {
      const escaped = escapeForTerminal(line(title, msg));
      expect(JSON.parse(escaped)).toMatchObject({ level: 30 });
      const printed = pretty(escaped) ?? '';
      expect(printed.trimEnd()).not.toMatch(controls);
      expect(printed.trimEnd().split('\n')).toHaveLength(1);
    }),
  );
});

test('what is harmless is shown as it is', () => {
  const text = 'Björk – 夜 👩‍👩‍👧 C:\\new "x"';
  expect(escapeForJson(line(text, text))).toBe(line(text, text));
  expect(JSON.parse(escapeForTerminal(line(text, text)))).toMatchObject({ title: text });
});
