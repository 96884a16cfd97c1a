// Runs before every test file: what all of them share.

import { jest } from '@jest/globals';

// Real databases, real tools and a busy machine: a hang is told from slowness by a wide margin.
jest.setTimeout(60_000);
