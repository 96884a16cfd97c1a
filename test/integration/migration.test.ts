// The schema at a start of the whole application; the migrations themselves are tested in db/migrate.

import { expect, test } from '@jest/globals';
import { StartError } from '../../src/startError.ts';
import { startApp } from '../support/app.ts';
import { createTestDatabase } from '../support/database.ts';

test('an older version does not start on a newer schema, and says which to start', async () => {
  await using database = await createTestDatabase();
  await database.pool.query(
    `insert into tapedeck.migrations (name, run_on) values ('9999_of_tomorrow', now())`,
  );
  const starting = startApp({ settings: { ROLES: 'api', DATABASE_URL: database.url } });
  await expect(starting).rejects.toThrow(StartError);
  await expect(starting).rejects.toThrow(
    'newer than this Tapedeck (9999_of_tomorrow); start the version that made it, or a later one.',
  );
});
