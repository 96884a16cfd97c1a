// The whole application inside the test process, on a database and a folder of its own, on any free port.

import { startApi } from '../../src/api.ts';
import { createApp } from '../../src/app.ts';
import type { App } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';
import { createLogger } from '../../src/logger.ts';
import { findTools } from '../../src/media/tools.ts';
import { startWorker } from '../../src/worker.ts';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';
import { openFolder } from './folder.ts';

export type TestApp = {
  readonly url: string;
  readonly app: App;
  readonly config: Config;
  readonly database: TestDatabase;
  readonly dataFolder: string;
  [Symbol.asyncDispose](): Promise<void>;
};

type AppOptions = {
  /** Settings as in the environment; they win over the test's own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Shares the database and the folder of another. */
  readonly beside?: TestApp;
};

/** Starts the roles of the settings, both by default. */
export async function startApp({ settings = {}, beside }: AppOptions = {}): Promise<TestApp> {
  await using stack = new AsyncDisposableStack();
  const dataFolder = beside?.dataFolder ?? stack.use(await openFolder()).path;
  const database = beside?.database ?? stack.use(await createTestDatabase());
  const config = loadConfig(
    {
      PATH: process.env['PATH'],
      PORT: '0',
      DATABASE_URL: database.url,
      DATA_DIR: dataFolder,
      WORKER_CONCURRENCY: '2',
      LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'silent',
      ...settings,
    },
    { isTerminal: false },
  );
  const app = stack.use(await createApp(config, createLogger(config)));
  if (config.roles.has('worker')) {
    const { ytdlpPath, ffmpegPath, environment } = config;
    const tools = await findTools({ ytdlpPath, ffmpegPath, searchPath: environment['PATH'] ?? '' });
    stack.use(await startWorker(app, tools));
  }
  const url = config.roles.has('api') ? stack.use(await startApi(app)).url : '';
  const resources = stack.move();
  return {
    ...{ url, app, config, database, dataFolder },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
