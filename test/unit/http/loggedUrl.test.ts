import { expect, test } from '@jest/globals';
import { loggedUrl } from '../../../src/http/errors.ts';

test.each(['files', 'previews', 'thumbnails'])('what opens one of /%s is not logged', (kind) => {
  const url = `/${kind}/abcdefghijklmnopqrstuv/A%20song.mp3?until=1&signature=xyz`;
  expect(loggedUrl({ url })).toBe(`/${kind}/…/A%20song.mp3`);
});
