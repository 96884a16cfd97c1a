// `node src/main.ts doctor`: looks over a deployment from where it runs, one line a part, each with what to do.
// It starts nothing, changes nothing but a file that it removes again, and asks no site.

import { join } from 'node:path';
import type { Config } from './config.ts';
import { listenToChanges } from './db/changes.ts';
import { compareMigrations, measureClockSkew, readServer } from './db/checkup.ts';
import { findRunningEmbedded } from './db/embedded/running.ts';
import { createPool } from './db/pool.ts';
import type { Database } from './db/pool.ts';
import { readQueueStats } from './db/queueStats.ts';
import { confineTools } from './media/sandbox.ts';
import { findTools, warnings } from './media/tools.ts';
import { versionsFolder } from './media/ytdlpVersions.ts';
import { askReadiness } from './ownApi.ts';
import { workerLostAfterSeconds } from './services/workerPulse.ts';
import { createStorage } from './storage.ts';

export type Finding = {
  readonly part: string;
  /** `warn`: it works, and somebody should look. */
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found; unless `ok`, with what to do. */
  readonly remark: string;
};

type Answer = string | { readonly warn: string };

/** A part that is not in order; the message says what to do. */
class Fault extends Error {}

const oldestServer = 15;
const answerWithinMs = 10_000;
const gigabyte = 1024 ** 3;

/** Every part, in the order in which it should be mended. */
export async function examine(config: Config): Promise<Finding[]> {
  const connectionString =
    config.databaseUrl ?? (await findRunningEmbedded(join(config.dataFolder, 'postgres')));
  const findings: Finding[] = [];
  const check = async (part: string, ask: () => Promise<Answer>) => {
    const answer = await ask().catch((error: unknown) => ({
      fail: error instanceof Fault ? error.message : `It failed unexpectedly: ${reasonOf(error)}.`,
    }));
    if (typeof answer === 'string') findings.push({ part, state: 'ok', remark: answer });
    else if ('warn' in answer) findings.push({ part, state: 'warn', remark: answer.warn });
    else findings.push({ part, state: 'fail', remark: answer.fail });
  };

  await using stack = new AsyncDisposableStack();
  const pool = createPool({
    connectionString: connectionString ?? '',
    applicationName: 'tapedeck doctor',
    maxConnections: 2,
    answerTimeoutMs: answerWithinMs,
    onIdleError: () => {},
  });
  stack.defer(() => pool.end());
  await check('database', () => checkDatabase(connectionString, pool));
  if (findings.at(-1)?.state !== 'fail' && connectionString !== null) {
    await check('migrations', () => checkMigrations(pool));
    await check('clock', () => checkClock(pool));
    await check('listen', () => checkListen(connectionString, pool));
    if (findings.every(({ state }) => state !== 'fail')) {
      await check('queue', () => checkQueue(pool));
    }
  }
  if (config.roles.has('worker')) await check('tools', () => checkTools(config));
  await check('store', () => checkStore(config));
  await check('disk', () => checkDisk(config));
  if (config.roles.has('api')) await check('api', () => checkApi(config));
  return findings;
}

/** The findings as people read them. */
export function describe(findings: readonly Finding[]): string {
  return findings
    .map(({ part, state, remark }) => `${state.padEnd(4)} ${part.padEnd(10)} ${remark}\n`)
    .join('');
}

async function checkDatabase(connectionString: string | null, pool: Database): Promise<Answer> {
  if (connectionString === null) {
    throw new Fault('The embedded Postgres does not run; start Tapedeck, then ask again.');
  }
  const facts = await readServer(pool).catch((cause: unknown) => {
    throw new Fault(
      `The database does not answer (${reasonOf(cause)}); start it, or correct DATABASE_URL.`,
    );
  });
  const major = Math.floor(facts.version / 10_000);
  const found = `Postgres ${major}.${facts.version % 10_000}, ${facts.connections} of ${facts.maxConnections} connections`;
  if (major < oldestServer) {
    throw new Fault(`${found}; Tapedeck needs Postgres ${oldestServer} or newer.`);
  }
  if (facts.connections > facts.maxConnections * 0.8) {
    return { warn: `${found}; raise max_connections, or stop what holds them.` };
  }
  return found;
}

async function checkMigrations(pool: Database): Promise<Answer> {
  const gap = await compareMigrations(pool);
  if (gap === null) {
    throw new Fault('The database has no schema yet; the first start of Tapedeck makes it.');
  }
  if (gap.unknown.length > 0) {
    throw new Fault(
      `The schema is newer than this Tapedeck (${gap.unknown.join(', ')}); update Tapedeck.`,
    );
  }
  if (gap.missing.length > 0) {
    throw new Fault(
      `The schema lacks ${gap.missing.join(', ')}; restart Tapedeck, each start migrates.`,
    );
  }
  return 'the schema is current';
}

async function checkClock(pool: Database): Promise<Answer> {
  const seconds = await measureClockSkew(pool);
  const found = `this clock is ${Math.abs(seconds).toFixed(1)} s ${seconds < 0 ? 'behind' : 'ahead of'} the database's`;
  if (Math.abs(seconds) < 2) return found;
  const advice = `${found}; synchronise both (NTP).`;
  // Rows are judged by the database's time; files by ours.
  if (Math.abs(seconds) < 60) return { warn: advice };
  throw new Fault(advice);
}

async function checkListen(connectionString: string, pool: Database): Promise<Answer> {
  const heard = Promise.withResolvers<number>();
  await using _ = listenToChanges({
    connectionString,
    applicationName: 'tapedeck doctor listen',
    pool,
    onChange: () => {},
    onConnect: () => {},
    onLost: heard.reject,
    onHeartbeat: heard.resolve,
    heartbeatMs: 200,
    heartbeatTimeoutMs: answerWithinMs / 2,
  });
  const seconds = await heard.promise.catch((cause: unknown) => {
    throw new Fault(
      `A notification does not come back (${reasonOf(cause)}); reach Postgres directly, or through a pooler in session mode.`,
    );
  });
  const found = `a notification came back after ${(seconds * 1_000).toFixed(0)} ms`;
  return seconds < 1 ? found : { warn: `${found}; the database or the way to it is overloaded.` };
}

async function checkQueue(pool: Database): Promise<Answer> {
  const stats = await readQueueStats(pool, workerLostAfterSeconds);
  const found = `${stats.workers} workers with ${stats.workerSlots} slots, ${stats.running} running, ${stats.queued} queued`;
  if (stats.workers === 0) return { warn: `${found}; start a worker, else jobs only wait.` };
  const refusing = stats.pausedLanes.map(({ site, code }) => `${site} (${code})`);
  if (refusing.length > 0) {
    return {
      warn: `${found}; ${refusing.join(', ')} refuses this server, see docs/runbook/TapedeckLanePaused.md.`,
    };
  }
  return found;
}

async function checkTools({
  ytdlpPath,
  ffmpegPath,
  environment,
  dataFolder,
  sandbox,
}: Config): Promise<Answer> {
  const search = {
    ...{ ytdlpPath, ffmpegPath, searchPath: environment['PATH'] ?? '' },
    versionsFolder: versionsFolder(dataFolder),
  };
  const tools = await findTools(search).catch((cause: unknown) => {
    throw new Fault(reasonOf(cause));
  });
  const { ytdlp, ffmpeg } = tools;
  const found = `yt-dlp ${ytdlp.version} (${ytdlp.ageDays} days old, from ${ytdlp.origin}), ffmpeg ${ffmpeg.version}`;
  const { refusal } = await confineTools(tools, { environment, dataFolder });
  const confined = sandbox === 'off' ? 'no sandbox (SANDBOX is off)' : nameSandbox(refusal);
  if (refusal !== null && sandbox === 'require') {
    throw new Fault(`${found}; ${confined}, but SANDBOX is require: see docs/security.md.`);
  }
  const remarks = warnings(tools);
  const all = `${found}, ${confined}`;
  return remarks.length === 0 ? all : { warn: `${all}. ${remarks.join(' ')}` };
}

function nameSandbox(refusal: string | null): string {
  return refusal === null ? 'each run in a sandbox' : `no sandbox (${refusal})`;
}

async function checkStore({ dataFolder }: Config): Promise<Answer> {
  try {
    const storage = await createStorage(dataFolder);
    await storage.rehearse();
  } catch (cause) {
    throw new Fault(
      `MP3s cannot be stored under ${dataFolder} (${reasonOf(cause)}); change its owner or DATA_DIR, and keep it on one file system.`,
    );
  }
  return `${dataFolder} takes files`;
}

async function checkDisk({ dataFolder, maxFileBytes }: Config): Promise<Answer> {
  const storage = await createStorage(dataFolder);
  const { freeBytes, totalBytes } = await storage.measureDisk();
  const found = `${(freeBytes / gigabyte).toFixed(1)} of ${(totalBytes / gigabyte).toFixed(1)} GiB free`;
  if (freeBytes < Math.min(maxFileBytes, gigabyte)) {
    throw new Fault(
      `${found}; free some, lower RETENTION_HOURS or set STORE_QUOTA_MB: downloads are refused.`,
    );
  }
  if (freeBytes < totalBytes / 10) {
    return { warn: `${found}; free some, lower RETENTION_HOURS or set STORE_QUOTA_MB.` };
  }
  return found;
}

async function checkApi(config: Config): Promise<Answer> {
  const { port } = config;
  const answer = await askReadiness(config, AbortSignal.timeout(answerWithinMs)).catch(() => null);
  if (answer === null) {
    return { warn: `Nothing answers on port ${port}; start Tapedeck, or look at its log.` };
  }
  if (!answer.ok) throw new Fault(`The API is not ready: ${await answer.text()}`);
  return `ready on port ${port}`;
}

function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message || cause.name : String(cause);
  return text.replace(/\.$/, '');
}
