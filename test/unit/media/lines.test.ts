import { expect, test } from '@jest/globals';

import { lineSplitter, lineTail } from '../../../src/media/lines.ts';

function linesOf(chunks: readonly string[]): string[] {
  const lines: string[] = [];
  const splitter = lineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.write(chunk);
  splitter.end();
  return lines;
}

test('a line ends at \\n, at \\r and at the end of the output, wherever the chunks are cut', () => {
  expect(linesOf(['on', 'e\ntw', 'o\r', '\nthree\r\rfour'])).toEqual([
    'one',
    'two',
    'three',
    'four',
  ]);
});

test('a line is cut at 64 KiB, and the next one is whole again', () => {
  const [long, next, ...others] = linesOf([
    ...Array<string>(50).fill('x'.repeat(10_000)),
    '\nnext\n',
  ]);
  expect(long).toHaveLength(65_536);
  expect(next).toBe('next');
  expect(others).toEqual([]);
});

test('the tail keeps the newest lines, short and without control characters', () => {
  const tail = lineTail(2);
  for (const line of ['first', '\u001b[31mred\u0007\u009b', 'y'.repeat(1_000)]) tail.push(line);
  expect(tail.lines()).toEqual(['[31mred', 'y'.repeat(500)]);
});
