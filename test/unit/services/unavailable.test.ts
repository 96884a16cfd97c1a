import { expect, test } from '@jest/globals';
import { connect } from 'node:net';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { isDatabaseUnavailable } from '../../../src/services/unavailable.ts';

const nowhere = '/nowhere/.s.PGSQL.5432';

test('a Unix socket that is away is an outage, a file that is away is not', async () => {
  const [refused] = await once(connect(nowhere), 'error').catch((error: unknown) => [error]);
  expect(isDatabaseUnavailable(refused)).toBe(true);
  const missing: unknown = await readFile(nowhere).catch((error: unknown) => error);
  expect(missing).toMatchObject({ code: 'ENOENT' });
  expect(isDatabaseUnavailable(missing)).toBe(false);
});
