import { expect, test } from '@jest/globals';

import { progressReader } from '../../../src/media/ffmpeg.ts';

/** As ffmpeg 5.1 writes it, shortened. */
const blocks = {
  first: ['bitrate=N/A', 'total_size=0', 'out_time_us=-23021', 'speed=N/A', 'progress=continue'],
  middle: ['out_time_us=30000000', 'out_time=00:00:30.000000', 'speed=  60x', 'progress=continue'],
  last: ['out_time_us=60048000', 'speed=58.6x', 'progress=end'],
};

function read(lines: readonly string[], durationSeconds: number | null) {
  const report = progressReader(durationSeconds);
  return lines.map(report).filter((each) => each !== null);
}

test('each block gives one report: share, speed and time left', () => {
  expect(read([...blocks.first, ...blocks.middle], 60)).toEqual([
    { doneSeconds: 0, fraction: 0, speed: null, etaSeconds: null },
    { doneSeconds: 30, fraction: 0.5, speed: 60, etaSeconds: 0.5 },
  ]);
});

test('the end is not told before ffmpeg has exited', () => {
  expect(read(blocks.last, 60)).toMatchObject([{ fraction: 0.99, etaSeconds: 0 }]);
});

test('without a duration there is no share and no guess', () => {
  expect(read(blocks.middle, null)).toEqual([
    { doneSeconds: 30, fraction: null, speed: 60, etaSeconds: null },
  ]);
});
