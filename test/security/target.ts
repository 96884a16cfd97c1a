// The server under attack, as strangers would meet it: an API in a process of its own on a real socket, with a database and
// a folder of its own. What is tried against it is in attacks/.

import { createTestDatabase } from '../support/database.ts';
import { openFolder } from '../support/folder.ts';
import { startTapedeck } from '../support/tapedeck.ts';
import type { Tapedeck } from '../support/tapedeck.ts';
import type { Target } from './attack.ts';

/** Every setting that is not given is the default. It ends with the stack. */
export async function startTarget(
  stack: AsyncDisposableStack,
  own: Readonly<Record<string, string>> = {},
): Promise<Target & Pick<Tapedeck, 'pid'>> {
  const { path: dataFolder } = stack.use(await openFolder());
  const database = stack.use(await createTestDatabase());
  const settings = { ROLES: 'api', DATABASE_URL: database.url, ...own };
  const { url, pid, output } = stack.use(await startTapedeck({ dataFolder, settings }));
  return { url, pid, dataFolder, database, output };
}
