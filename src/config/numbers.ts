// Numbers as settings hold them. What each of them means is for its setting to say.

import { z } from 'zod';

export const bytesPerMegabyte = 1024 * 1024;

export const wholeNumber = (smallest: number, largest: number) =>
  z.coerce
    .number('has to be a whole number')
    .int('has to be a whole number')
    .min(smallest, `has to be at least ${smallest}`)
    .max(largest, `has to be at most ${largest}`);
