// The settings: the environment read once, whole and loudly. Nobody else reads process.env, and nothing here
// looks at the machine but for the files that hold secrets. Every setting is documented in .env.example and docs/configuration.md.

import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { limitSettings, readLimits } from './config/limits.ts';
import { bytesPerMegabyte, wholeNumber } from './config/numbers.ts';
import type { LimitsConfig } from './config/limits.ts';
import { readSecretFiles } from './config/secretFiles.ts';
import { accessModes, isLoopback } from './domain/access.ts';
import type { AccessMode } from './domain/access.ts';
import { isAddressOrNetwork } from './domain/address.ts';
import { parseAllowedHosts } from './domain/allowedHosts.ts';
import type { AllowedHosts } from './domain/allowedHosts.ts';
import type { JobPhase } from './domain/job.ts';
import { defaultPhaseLimits } from './domain/phaseLimits.ts';

export type Role = 'api' | 'worker';

export type Config = LimitsConfig & {
  readonly host: string;
  readonly port: number;
  /** Where a process without the API serves its metrics; null: nowhere. */
  readonly metricsPort: number | null;
  readonly access: AccessMode;
  /** Open access is meant for more than this machine. */
  readonly openToNetwork: boolean;
  /** The newest first; null: a file under `dataFolder`. */
  readonly sessionSecrets: readonly string[] | null;
  /** Addresses and networks. */
  readonly trustedProxies: readonly string[];
  /** Null: an embedded Postgres under `dataFolder`. */
  readonly databaseUrl: string | null;
  /** For `migrate`: the roles that it lets in, by password. */
  readonly databasePasswords: Readonly<Record<'api' | 'worker', string | null>>;
  /** Absolute. */
  readonly dataFolder: string;
  readonly roles: ReadonlySet<Role>;
  readonly workerConcurrency: number;
  /** Null: youtube-dl-exec's own binary, else the one on PATH. */
  readonly ytdlpPath: string | null;
  readonly ffmpegPath: string | null;
  /** Null: yt-dlp is left as it is. */
  readonly ytdlpUpdate: {
    readonly releasesUrl: string;
    /** What a new version has to convert; null: it only has to tell its version. */
    readonly canaryUrl: string | null;
  } | null;
  /** Whether tools run in namespaces of their own: where it works, never, or not at all without. */
  readonly sandbox: 'auto' | 'off' | 'require';
  readonly allowedHosts: AllowedHosts;
  readonly maxDurationSeconds: number;
  readonly maxFileBytes: number;
  /** What each phase may take, in seconds. */
  readonly phaseLimits: Readonly<Record<JobPhase, number>>;
  /** The most that sources kept for retries may take; 0 keeps none. */
  readonly sourceCacheBytes: number;
  /** How long a site that refuses us again and again is left alone at first. */
  readonly lanePauseSeconds: number;
  /** Null: MP3s are kept for ever. */
  readonly retentionHours: number | null;
  /** Null: no cap. */
  readonly storeQuotaBytes: number | null;
  /** Whether strangers may ask for the schema. */
  readonly introspection: boolean;
  /** The page's own documents: unknown by id, known beside all others, or the only ones answered. */
  readonly trustedDocuments: 'off' | 'prefer' | 'only';
  /** Origins (`https://host`) under which people reach the server; empty when it was not said. */
  readonly publicOrigins: ReadonlySet<string>;
  readonly maxSocketsPerAddress: number;
  /** For a request to come in, and for its answer. */
  readonly requestTimeoutMs: number;
  readonly logLevel: (typeof logLevels)[number];
  readonly logFormat: 'pretty' | 'json';
  /** What outgoing traffic obeys: proxies, trust, and where programs are found. */
  readonly environment: Readonly<Record<string, string>>;
};

/** The settings cannot be used; `faults` are sentences, one for each setting at fault. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const list = z.string().transform((text) => text.split(',').map((item) => item.trim()));

const settings = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(4000),
  METRICS_PORT: wholeNumber(0, 65_535).optional(),
  ACCESS: z.enum(accessModes, `has to be one of ${accessModes.join(', ')}`).default('open'),
  OPEN_TO_NETWORK: z
    .enum(['true', 'false'], 'has to be true or false')
    .default('false')
    .transform((text) => text === 'true'),
  SESSION_SECRET: list.pipe(z.array(z.string().min(32, 'needs 32 characters at least'))).optional(),
  TRUSTED_PROXIES: list
    .pipe(z.array(z.string().refine(isAddressOrNetwork, 'has to name addresses or networks')))
    .default([]),
  ...limitSettings.shape,
  DATABASE_URL: z
    .string()
    .regex(
      /^postgres(ql)?:\/\//,
      'has to begin with postgres:// (leave it empty for the embedded one)',
    )
    .optional(),
  API_DATABASE_PASSWORD: z.string().optional(),
  WORKER_DATABASE_PASSWORD: z.string().optional(),
  DATA_DIR: z.string().default('./data'),
  ROLES: z
    .string()
    .default('api,worker')
    .transform((text) => text.split(',').map((role) => role.trim()))
    .pipe(z.array(z.enum(['api', 'worker'], 'has to be api, worker or api,worker')).min(1)),
  WORKER_CONCURRENCY: wholeNumber(1, 1_000).default(availableParallelism()),
  YTDLP_PATH: z.string().optional(),
  FFMPEG_PATH: z.string().optional(),
  YTDLP_UPDATE: z.enum(['on', 'off'], 'has to be on or off').default('on'),
  YTDLP_RELEASES_URL: z
    .url({ protocol: /^https?$/, error: 'has to be an http(s) address' })
    .default('https://api.github.com/repos/yt-dlp/yt-dlp/releases/latest'),
  // yt-dlp's own test video, ten seconds long.
  YTDLP_CANARY_URL: z.string().default('https://www.youtube.com/watch?v=BaW_jenozKc'),
  SANDBOX: z.enum(['auto', 'off', 'require'], 'has to be auto, off or require').default('auto'),
  ALLOWED_HOSTS: z
    .string()
    .default('')
    .transform((text, context) => {
      const { allowedHosts, faults } = parseAllowedHosts(text);
      for (const fault of faults) context.addIssue(`has a fault: ${fault}`);
      return allowedHosts;
    }),
  MAX_DURATION_SECONDS: wholeNumber(1, 7 * 24 * 3600).default(14_400),
  MAX_FILESIZE_MB: wholeNumber(1, 1024 * 1024).default(2048),
  RESOLVE_TIMEOUT_SECONDS: wholeNumber(1, 600).default(defaultPhaseLimits.RESOLVING),
  DOWNLOAD_TIMEOUT_SECONDS: wholeNumber(1, 7_200).default(defaultPhaseLimits.DOWNLOADING),
  CONVERT_TIMEOUT_SECONDS: wholeNumber(1, 5_400).default(defaultPhaseLimits.TRANSCODING),
  LANE_PAUSE_SECONDS: wholeNumber(1, 3_600).default(300),
  // Beyond a century Postgres could not reckon with it, and every job would fail at its end.
  RETENTION_HOURS: z.coerce
    .number('has to be a number')
    .min(0, 'has to be at least 0')
    .max(876_000, 'has to be at most 876000; 0 keeps MP3s for ever')
    .default(24),
  SOURCE_CACHE_MB: wholeNumber(0, 1024 ** 3).default(1024),
  STORE_QUOTA_MB: wholeNumber(0, 1024 ** 3).default(0),
  INTROSPECTION: z.enum(['on', 'off'], 'has to be on or off').default('on'),
  TRUSTED_DOCUMENTS: z
    .enum(['off', 'prefer', 'only'], 'has to be off, prefer or only')
    .default('prefer'),
  PUBLIC_ORIGINS: z
    .string()
    .default('')
    .transform((text, context) => {
      const entries = text.split(',').map((entry) => entry.trim());
      const origins = entries.filter((entry) => entry !== '');
      for (const origin of origins.filter((each) => URL.parse(each)?.origin !== each)) {
        context.addIssue(`has a fault: "${origin}" is not written like https://music.example`);
      }
      return new Set(origins);
    }),
  MAX_SOCKETS_PER_ADDRESS: wholeNumber(1, 100_000).default(20),
  REQUEST_TIMEOUT_SECONDS: wholeNumber(1, 600).default(20),
  LOG_LEVEL: z.enum(logLevels, `has to be one of ${logLevels.join(', ')}`).default('info'),
  LOG_FORMAT: z.enum(['pretty', 'json'], 'has to be pretty or json').optional(),
});

const passedOn = [
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [
    name,
    name.toLowerCase(),
  ]),
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'PATH'],
];

/**
 * Reads and checks every setting; an empty one counts as unset.
 * Throws ConfigError with all faults at once.
 */
export function loadConfig(
  environment: Readonly<Record<string, string | undefined>>,
  { isTerminal }: { isTerminal: boolean },
): Config {
  const { given, faults: fileFaults } = readSecretFiles(
    Object.fromEntries(
      Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''),
    ),
  );
  const parsed = settings.safeParse(given);
  const faults = new Set([...fileFaults, ...(parsed.error?.issues.map(toSentence) ?? [])]);
  // Not a rule of the schema: zod would leave it out as soon as there is any other fault.
  const roles = new Set(settings.shape.ROLES.safeParse(given['ROLES']).data);
  if (given['DATABASE_URL'] === undefined && roles.size === 1) {
    faults.add(
      'DATABASE_URL has to be set when ROLES names only one: api and worker meet in the database.',
    );
  }
  const { data: access } = settings.shape.ACCESS.safeParse(given['ACCESS']);
  const isForced = given['OPEN_TO_NETWORK'] === 'true';
  if (roles.has('api') && access === 'open' && !isLoopback(given['HOST'] ?? '::1') && !isForced) {
    faults.add(
      'HOST lets other machines in while ACCESS is open: set ACCESS to sessions or keys, or OPEN_TO_NETWORK to true when everybody who can reach it may use it.',
    );
  }
  if (!parsed.success || faults.size > 0) throw new ConfigError([...faults]);
  const values = parsed.data;
  return Object.freeze({
    host: values.HOST,
    port: values.PORT,
    metricsPort: values.METRICS_PORT ?? null,
    access: values.ACCESS,
    openToNetwork: values.OPEN_TO_NETWORK,
    sessionSecrets: values.SESSION_SECRET ?? null,
    trustedProxies: values.TRUSTED_PROXIES,
    ...readLimits(values),
    databaseUrl: values.DATABASE_URL ?? null,
    databasePasswords: {
      api: values.API_DATABASE_PASSWORD ?? null,
      worker: values.WORKER_DATABASE_PASSWORD ?? null,
    },
    dataFolder: resolve(values.DATA_DIR),
    roles,
    workerConcurrency: values.WORKER_CONCURRENCY,
    ytdlpPath: values.YTDLP_PATH ?? null,
    ffmpegPath: values.FFMPEG_PATH ?? null,
    ytdlpUpdate:
      values.YTDLP_UPDATE === 'off'
        ? null
        : {
            releasesUrl: values.YTDLP_RELEASES_URL,
            canaryUrl: values.YTDLP_CANARY_URL === 'none' ? null : values.YTDLP_CANARY_URL,
          },
    sandbox: values.SANDBOX,
    allowedHosts: values.ALLOWED_HOSTS,
    maxDurationSeconds: values.MAX_DURATION_SECONDS,
    maxFileBytes: values.MAX_FILESIZE_MB * bytesPerMegabyte,
    phaseLimits: {
      ...defaultPhaseLimits,
      RESOLVING: values.RESOLVE_TIMEOUT_SECONDS,
      DOWNLOADING: values.DOWNLOAD_TIMEOUT_SECONDS,
      TRANSCODING: values.CONVERT_TIMEOUT_SECONDS,
    },
    sourceCacheBytes: values.SOURCE_CACHE_MB * bytesPerMegabyte,
    lanePauseSeconds: values.LANE_PAUSE_SECONDS,
    retentionHours: values.RETENTION_HOURS === 0 ? null : values.RETENTION_HOURS,
    storeQuotaBytes: values.STORE_QUOTA_MB === 0 ? null : values.STORE_QUOTA_MB * bytesPerMegabyte,
    introspection: values.INTROSPECTION === 'on',
    trustedDocuments: values.TRUSTED_DOCUMENTS,
    publicOrigins: values.PUBLIC_ORIGINS,
    maxSocketsPerAddress: values.MAX_SOCKETS_PER_ADDRESS,
    requestTimeoutMs: values.REQUEST_TIMEOUT_SECONDS * 1_000,
    logLevel: values.LOG_LEVEL,
    logFormat: values.LOG_FORMAT ?? (isTerminal ? 'pretty' : 'json'),
    environment: Object.fromEntries(
      Object.entries(given).filter((entry): entry is [string, string] =>
        passedOn.includes(entry[0]),
      ),
    ),
  });
}

function toSentence({ path, message }: { path: PropertyKey[]; message: string }): string {
  return `${String(path[0])} ${message.replace(/\.$/, '')}.`;
}
