// The entry: settings, parts, the chosen roles; then a signal, and everything in reverse.

import { mkdir } from 'node:fs/promises';
import { startApi, startMetrics } from './api.ts';
import { createApp } from './app.ts';
import { ConfigError, loadConfig } from './config.ts';
import type { Config } from './config.ts';
import { EmbeddedPostgresError } from './db/embedded.ts';
import { describe, examine } from './doctor.ts';
import type { Finding } from './doctor.ts';
import { checkHealth } from './health.ts';
import { manageKeys } from './keys.ts';
import { createLogger } from './logger.ts';
import type { Logger } from './logger.ts';
import { confineTools } from './media/sandbox.ts';
import { findTools, ToolError, warnings } from './media/tools.ts';
import type { Tools } from './media/tools.ts';
import { versionsFolder } from './media/ytdlpVersions.ts';
import { bringUpToDate } from './migration.ts';
import { rotateSecrets, secretsFile } from './secrets.ts';
import { StartError } from './startError.ts';
import { startWorker } from './worker.ts';
import type { Worker } from './worker.ts';

/** Aborted by the first signal. */
const stop = new AbortController();

async function main(command: string | undefined, args: readonly string[]): Promise<void> {
  const stopped = waitForSignal();
  const config = loadConfig(process.env, { isTerminal: process.stdout.isTTY });
  if (command === 'health') return checkHealth(config);
  if (command === 'doctor') return reportHealth(await examine(config));
  const logger = createLogger(config);
  if (command === 'migrate') return migrateAsOwner(config, logger);
  if (command === 'keys') {
    process.stdout.write(await manageKeys(config, logger, args));
    return;
  }
  if (command === 'secrets' && args[0] === 'rotate') {
    if (config.sessionSecrets !== null)
      throw new StartError('The secret is that of SESSION_SECRET; put a new one in front of it.');
    rotateSecrets(secretsFile(config.dataFolder));
    process.stdout.write('There is a new secret; the one before holds until the next rotation.\n');
    return;
  }
  if (command !== undefined)
    throw new StartError(
      `There is no command "${command}"; try "health", "doctor", "migrate", "keys" or "secrets".`,
    );
  await using stack = new AsyncDisposableStack();
  const finding = config.roles.has('worker') ? prepareTools(config, logger) : null;
  finding?.catch(() => {});
  const app = stack.use(await createApp(config, logger, stop.signal));
  const broken = [app.broken];
  let worker: Worker | null = null;
  if (finding !== null) {
    const confine = async (found: Tools) => (await confineFound(found, config)).tools;
    const find = async () => confine(await findTools(searchOf(config)));
    worker = stack.use(await startWorker(app, await finding, { find, confine }));
    broken.push(worker.broken);
  }
  if (config.roles.has('api')) {
    const { url } = stack.use(await startApi(app));
    logger.info(`Tapedeck is ready: open ${url}`);
  } else {
    const { metricsPort } = config;
    const metrics = metricsPort === null ? null : stack.use(await startMetrics(app, metricsPort));
    logger.info(
      { metrics: metrics && `${metrics.url}/metrics` },
      'Tapedeck is ready: this worker waits for jobs',
    );
  }
  const signal = await Promise.race([stopped, ...broken]).catch((cause: unknown) => {
    // At once, and not when everything has stopped: what is broken may not let itself be stopped.
    logger.error({ err: cause }, 'Tapedeck cannot go on and stops');
    exitInTime();
    throw cause;
  });
  logger.info(`Tapedeck stops (${signal}); conversions under way are continued at the next start`);
  // Side by side: clients are sent away while conversions are handed back.
  Promise.resolve(worker?.[Symbol.asyncDispose]()).catch(() => {});
}

/** Where the roles own nothing, the owner's one task: the schema, their grants, and their passwords. */
async function migrateAsOwner(config: Config, logger: Logger): Promise<void> {
  const { databaseUrl, databasePasswords } = config;
  if (databaseUrl === null)
    throw new StartError(
      'DATABASE_URL has to be set: the embedded Postgres is migrated by itself.',
    );
  const roles = (['api', 'worker'] as const).flatMap((role) => {
    const password = databasePasswords[role];
    return password === null ? [] : [{ name: `tapedeck_${role}` as const, password }];
  });
  const applicationName = 'tapedeck migrate';
  await bringUpToDate({ connectionString: databaseUrl, applicationName, logger, roles }).catch(
    (cause: unknown) => {
      const { message } = cause as Error;
      throw new StartError(`The schema cannot be migrated: ${message}.`, { cause });
    },
  );
  process.stdout.write('The schema is current.\n');
}

function reportHealth(findings: readonly Finding[]): void {
  process.stdout.write(describe(findings));
  const faults = findings.filter(({ state }) => state === 'fail').length;
  if (faults > 0) process.exit(1);
}

function searchOf({ ytdlpPath, ffmpegPath, environment, dataFolder }: Config) {
  return {
    ...{ ytdlpPath, ffmpegPath, searchPath: environment['PATH'] ?? '' },
    versionsFolder: versionsFolder(dataFolder),
  };
}

/** Finds the tools, and the sandbox that each is to run in; says what there is. */
async function prepareTools(config: Config, logger: Logger): Promise<Tools> {
  // What is not there yet, the sandboxes could not hide.
  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 });
  const found = await findTools(searchOf(config));
  announceTools(found, logger);
  if (config.sandbox === 'off') {
    logger.info('The tools run without a sandbox: SANDBOX is off');
    return found;
  }
  const { tools, refusal } = await confineFound(found, config);
  if (refusal === null) {
    logger.info('Each run of a tool has a sandbox of its own (bubblewrap)');
    return tools;
  }
  logger.info(
    `The tools run without a sandbox: ${refusal}; docs/security.md tells what else holds them`,
  );
  return found;
}

/** Throws ToolError when there has to be a sandbox and there is none. */
async function confineFound(
  found: Tools,
  { sandbox, environment, dataFolder }: Config,
): Promise<{ tools: Tools; refusal: string | null }> {
  if (sandbox === 'off') return { tools: found, refusal: null };
  const { tools, refusal } = await confineTools(found, { environment, dataFolder });
  if (refusal === null || sandbox !== 'require') return { tools, refusal };
  throw new ToolError(
    `SANDBOX is require, and there is none: ${refusal}. See docs/security.md, or set it to auto.`,
    [],
  );
}

function announceTools(tools: Tools, logger: Logger): void {
  const { ytdlp, ffmpeg } = tools;
  logger.info(
    `yt-dlp ${ytdlp.version} (${ytdlp.ageDays} days old, ${ytdlp.path}), ffmpeg ${ffmpeg.version}`,
  );
  for (const warning of warnings(tools)) logger.warn(warning);
}

/** Ctrl+C reaches us from the terminal, and again from npm a moment later: that is one wish. */
const sameWishMs = 1_000;
/** Supervisors kill after 30 s; what is not handed back by then, others rescue. */
const longestStopMs = 25_000;

function exitInTime(): void {
  setTimeout(() => process.exit(1), longestStopMs).unref();
}

/** The first signal asks; a later one is an order. */
function waitForSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals) => {
      if (stop.signal.aborted) {
        if (performance.now() - askedAt > sameWishMs) process.exit(1);
        return;
      }
      askedAt = performance.now();
      stop.abort();
      exitInTime();
      resolve(signal);
    };
    let askedAt = 0;
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  });
}

try {
  await main(process.argv[2], process.argv.slice(3));
  process.exit(0);
} catch (error) {
  const isStartFault =
    error instanceof StartError ||
    error instanceof ToolError ||
    error instanceof EmbeddedPostgresError;
  const isInterrupted = error instanceof Error && error.name === 'AbortError';
  // Asked to stop before it ran, it did not fail. Ctrl+C reaches the tools too, while they are asked for
  // their versions, and then they look as if they were missing.
  if (stop.signal.aborted && (isStartFault || isInterrupted)) process.exit(0);
  const faults =
    error instanceof ConfigError
      ? error.faults
      : isStartFault
        ? [error.message]
        : [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  for (const fault of faults) process.stderr.write(`Tapedeck cannot run: ${fault}\n`);
  process.exit(1);
}
