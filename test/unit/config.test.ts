import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError, loadConfig } from '../../src/config.ts';
import { openFolder } from '../support/folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;
const terminal = { isTerminal: true };
const load = (environment: Environment = {}) => loadConfig(environment, { isTerminal: false });

function faultsOf(environment: Environment): readonly string[] {
  try {
    load(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

const unlimited = {
  ...{ ownerPerMinute: null, addressPerMinute: null, ownerActive: null, addressActive: null },
  ...{ ownerStoredBytes: null, addressStoredBytes: null, queued: null },
};

test('where strangers meet, each is limited unless told otherwise', () => {
  const { limits } = load({ ACCESS: 'sessions' });
  expect(Object.values(limits).every((value) => value !== null && value > 0)).toBe(true);
  expect(load({ ACCESS: 'keys' }).limits).toEqual(limits);
  const none = {
    ...{ REQUESTS_PER_MINUTE: '0', REQUESTS_PER_MINUTE_PER_ADDRESS: '0', MAX_ACTIVE_JOBS: '0' },
    ...{ MAX_ACTIVE_JOBS_PER_ADDRESS: '0', MAX_STORED_MB: '0', MAX_STORED_MB_PER_ADDRESS: '0' },
  };
  expect(load({ ACCESS: 'keys', MAX_QUEUED_JOBS: '0', ...none }).limits).toEqual(unlimited);
});

test('nothing has to be set', () => {
  expect(load()).toMatchObject({
    host: '127.0.0.1',
    port: 4000,
    access: 'open',
    openToNetwork: false,
    sessionSecrets: null,
    trustedProxies: [],
    limits: { ...unlimited, queued: 100_000 },
    costLimits: { ownerPerMinute: null, addressPerMinute: null },
    operationsPerMinute: null,
    maxSockets: null,
    maxStreams: null,
    maxStreamsPerAddress: null,
    databasePasswords: { api: null, worker: null },
    databaseUrl: null,
    dataFolder: resolve('data'),
    roles: new Set(['api', 'worker']),
    workerConcurrency: availableParallelism(),
    ytdlpPath: null,
    ffmpegPath: null,
    allowedHosts: { youtube: true, everyPublicSite: false },
    maxDurationSeconds: 14_400,
    maxFileBytes: 2_048 * 1024 * 1024,
    retentionHours: 24,
    storeQuotaBytes: null,
    logLevel: 'info',
    logFormat: 'json',
  });
});

test('every setting is taken as it is given', () => {
  const config = load({
    HOST: '0.0.0.0',
    PORT: '8080',
    METRICS_PORT: '9464',
    ACCESS: 'sessions',
    OPEN_TO_NETWORK: 'true',
    SESSION_SECRET: `${'n'.repeat(32)}, ${'o'.repeat(32)}`,
    TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,fd00::/8',
    REQUESTS_PER_MINUTE: '1',
    REQUESTS_PER_MINUTE_PER_ADDRESS: '2',
    MAX_ACTIVE_JOBS: '3',
    MAX_ACTIVE_JOBS_PER_ADDRESS: '4',
    MAX_STORED_MB: '5',
    MAX_STORED_MB_PER_ADDRESS: '6',
    MAX_QUEUED_JOBS: '7',
    COST_PER_MINUTE: '12',
    COST_PER_MINUTE_PER_ADDRESS: '13',
    OPERATIONS_PER_MINUTE_PER_ADDRESS: '8',
    MAX_SOCKETS: '11',
    MAX_STREAMS: '9',
    MAX_STREAMS_PER_ADDRESS: '10',
    API_DATABASE_PASSWORD: 'one',
    WORKER_DATABASE_PASSWORD: 'two',
    DATABASE_URL: 'postgresql://user:secret@db:5432/tapedeck',
    DATA_DIR: '/srv/tapedeck',
    ROLES: ' worker ',
    WORKER_CONCURRENCY: '7',
    YTDLP_PATH: '/opt/yt-dlp',
    FFMPEG_PATH: '/opt/ffmpeg',
    YTDLP_RELEASES_URL: 'http://mirror.example/latest',
    YTDLP_CANARY_URL: 'none',
    ALLOWED_HOSTS: 'example.com, *.example.org, media.example:8080',
    MAX_DURATION_SECONDS: '60',
    MAX_FILESIZE_MB: '3',
    RESOLVE_TIMEOUT_SECONDS: '6',
    DOWNLOAD_TIMEOUT_SECONDS: '7',
    CONVERT_TIMEOUT_SECONDS: '8',
    LANE_PAUSE_SECONDS: '9',
    SOURCE_CACHE_MB: '5',
    RETENTION_HOURS: '0.5',
    STORE_QUOTA_MB: '10',
    SANDBOX: 'require',
    PUBLIC_ORIGINS: 'https://music.example, http://music.example:8080',
    INTROSPECTION: 'off',
    TRUSTED_DOCUMENTS: 'only',
    MAX_SOCKETS_PER_ADDRESS: '7',
    REQUEST_TIMEOUT_SECONDS: '5',
    LOG_LEVEL: 'debug',
    LOG_FORMAT: 'pretty',
  });
  expect(config).toEqual({
    host: '0.0.0.0',
    port: 8080,
    metricsPort: 9464,
    access: 'sessions',
    openToNetwork: true,
    sessionSecrets: ['n'.repeat(32), 'o'.repeat(32)],
    trustedProxies: ['127.0.0.1', '10.0.0.0/8', 'fd00::/8'],
    limits: {
      ...{ ownerPerMinute: 1, addressPerMinute: 2, ownerActive: 3, addressActive: 4 },
      ...{ ownerStoredBytes: 5 * 1024 * 1024, addressStoredBytes: 6 * 1024 * 1024, queued: 7 },
    },
    costLimits: { ownerPerMinute: 12, addressPerMinute: 13 },
    operationsPerMinute: 8,
    maxSockets: 11,
    maxStreams: 9,
    maxStreamsPerAddress: 10,
    databasePasswords: { api: 'one', worker: 'two' },
    databaseUrl: 'postgresql://user:secret@db:5432/tapedeck',
    dataFolder: '/srv/tapedeck',
    roles: new Set(['worker']),
    workerConcurrency: 7,
    ytdlpPath: '/opt/yt-dlp',
    ffmpegPath: '/opt/ffmpeg',
    ytdlpUpdate: { releasesUrl: 'http://mirror.example/latest', canaryUrl: null },
    allowedHosts: {
      youtube: false,
      everyPublicSite: false,
      hosts: new Set(['example.com']),
      domains: new Set(['example.org']),
      endpoints: new Set(['media.example:8080']),
    },
    maxDurationSeconds: 60,
    maxFileBytes: 3 * 1024 * 1024,
    phaseLimits: { RESOLVING: 6, DOWNLOADING: 7, TRANSCODING: 8, TAGGING: 300, STORING: 300 },
    sourceCacheBytes: 5 * 1024 * 1024,
    lanePauseSeconds: 9,
    retentionHours: 0.5,
    storeQuotaBytes: 10 * 1024 * 1024,
    sandbox: 'require',
    publicOrigins: new Set(['https://music.example', 'http://music.example:8080']),
    introspection: false,
    trustedDocuments: 'only',
    maxSocketsPerAddress: 7,
    requestTimeoutMs: 5_000,
    logLevel: 'debug',
    logFormat: 'pretty',
    environment: {},
  });
});

test('an empty setting counts as unset', () => {
  const names = ['HOST', 'PORT', 'DATABASE_URL', 'ROLES', 'YTDLP_PATH', 'RETENTION_HOURS'];
  const blank = Object.fromEntries(names.map((name, index) => [name, ' '.repeat(index % 2)]));
  expect(load({ ...blank, LOG_LEVEL: '', HTTP_PROXY: '' })).toEqual(load());
});

test('0 keeps MP3s for ever, and stands for no quota', () => {
  const { retentionHours, storeQuotaBytes } = load({ RETENTION_HOURS: '0', STORE_QUOTA_MB: '0' });
  expect({ retentionHours, storeQuotaBytes }).toEqual({
    retentionHours: null,
    storeQuotaBytes: null,
  });
});

test('a terminal gets pretty logs unless told otherwise', () => {
  expect(loadConfig({}, terminal).logFormat).toBe('pretty');
  expect(loadConfig({ LOG_FORMAT: 'json' }, terminal).logFormat).toBe('json');
});

test('nobody can change the settings afterwards', () => {
  const config = load() as { port: number };
  expect(() => {
    config.port = 1;
  }).toThrow(TypeError);
});

test('only proxies, trust and PATH are passed on, in the spelling they came in', () => {
  const passedOn = {
    HTTP_PROXY: 'http://proxy:1',
    https_proxy: 'http://proxy:2',
    ALL_PROXY: 'socks5://proxy:3',
    no_proxy: 'localhost',
    SSL_CERT_FILE: '/a',
    SSL_CERT_DIR: '/b',
    NODE_EXTRA_CA_CERTS: '/c',
    PATH: '/bin',
  };
  const { environment } = load({ ...passedOn, HOME: '/root', DATABASE_URL: 'postgres://db/x' });
  expect(environment).toEqual(passedOn);
});

describe('a fault', () => {
  test.each([
    ['PORT', 'eighty', 'PORT has to be a whole number.'],
    ['PORT', '80.5', 'PORT has to be a whole number.'],
    ['PORT', '-1', 'PORT has to be at least 0.'],
    ['PORT', '65536', 'PORT has to be at most 65535.'],
    ['WORKER_CONCURRENCY', '0', 'WORKER_CONCURRENCY has to be at least 1.'],
    ['MAX_DURATION_SECONDS', '0', 'MAX_DURATION_SECONDS has to be at least 1.'],
    ['MAX_FILESIZE_MB', '-5', 'MAX_FILESIZE_MB has to be at least 1.'],
    ['RETENTION_HOURS', 'a day', 'RETENTION_HOURS has to be a number.'],
    ['RETENTION_HOURS', '-1', 'RETENTION_HOURS has to be at least 0.'],
    ['RETENTION_HOURS', '1e9', 'RETENTION_HOURS has to be at most 876000; 0 keeps MP3s for ever.'],
    ['STORE_QUOTA_MB', '1.5', 'STORE_QUOTA_MB has to be a whole number.'],
    ['ROLES', 'boss', 'ROLES has to be api, worker or api,worker.'],
    ['ROLES', 'api,,worker', 'ROLES has to be api, worker or api,worker.'],
    [
      'DATABASE_URL',
      'mysql://db',
      'DATABASE_URL has to begin with postgres:// (leave it empty for the embedded one).',
    ],
    [
      'ALLOWED_HOSTS',
      'not a host',
      'ALLOWED_HOSTS has a fault: "not a host" is not a host; write example.com, *.example.com, example.com:8080 or *.',
    ],
    [
      'LOG_LEVEL',
      'loud',
      'LOG_LEVEL has to be one of trace, debug, info, warn, error, fatal, silent.',
    ],
    ['LOG_FORMAT', 'xml', 'LOG_FORMAT has to be pretty or json.'],
  ])('of %s=%s is one sentence', (name, value, sentence) => {
    expect(faultsOf({ [name]: value })).toEqual([sentence]);
  });

  test('is told together with all the others', () => {
    const faults = faultsOf({
      PORT: 'eighty',
      ROLES: 'worker',
      ALLOWED_HOSTS: 'a b, 127.0.0.1',
      RETENTION_HOURS: '-1',
      LOG_FORMAT: 'xml',
    });
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
      'PORT',
      'ALLOWED_HOSTS',
      'ALLOWED_HOSTS',
      'RETENTION_HOURS',
      'LOG_FORMAT',
      'DATABASE_URL',
    ]);
  });

  test('is told once, however often it was made', () => {
    expect(faultsOf({ ROLES: 'boss,chief' })).toHaveLength(1);
  });

  test.each(['api', 'worker', 'api,api'])('of ROLES=%s is a missing DATABASE_URL', (roles) => {
    expect(faultsOf({ ROLES: roles })).toEqual([
      'DATABASE_URL has to be set when ROLES names only one: api and worker meet in the database.',
    ]);
    expect(faultsOf({ ROLES: roles, DATABASE_URL: 'postgres://db/tapedeck' })).toEqual([]);
  });
});

describe('open access', () => {
  const refused =
    'HOST lets other machines in while ACCESS is open: set ACCESS to sessions or keys, or OPEN_TO_NETWORK to true when everybody who can reach it may use it.';

  test.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('may listen on %s', (HOST) => {
    expect(faultsOf({ HOST })).toEqual([]);
  });

  test.each([
    '0.0.0.0',
    '::',
    '192.168.1.2',
    'tapedeck.lan',
    '127.0.0.1.example.com',
    '10.127.0.0',
  ])('does not listen on %s unless told to', (HOST) => {
    expect(faultsOf({ HOST })).toEqual([refused]);
    expect(faultsOf({ HOST, OPEN_TO_NETWORK: 'false' })).toEqual([refused]);
    expect(faultsOf({ HOST, OPEN_TO_NETWORK: 'true' })).toEqual([]);
    expect(faultsOf({ HOST, ACCESS: 'sessions' })).toEqual([]);
    expect(faultsOf({ HOST, ACCESS: 'keys' })).toEqual([]);
  });

  test('is no matter for a worker alone, which does not listen', () => {
    const worker = { ROLES: 'worker', DATABASE_URL: 'postgres://db/tapedeck' };
    expect(faultsOf({ ...worker, HOST: '0.0.0.0' })).toEqual([]);
  });
});

describe('a secret from a file', () => {
  let folder: Awaited<ReturnType<typeof openFolder>>;
  let file: string;
  beforeAll(async () => {
    folder = await openFolder();
    file = join(folder.path, 'secret');
    writeFileSync(file, 'postgres://user:secret@db/tapedeck\n');
  });
  afterAll(async () => folder[Symbol.asyncDispose]());

  test('counts as the setting, without the line’s end', () => {
    expect(load({ DATABASE_URL_FILE: file }).databaseUrl).toBe(
      'postgres://user:secret@db/tapedeck',
    );
  });

  test('beside the setting itself is a fault, and so is a file that is not there', () => {
    expect(faultsOf({ DATABASE_URL_FILE: file, DATABASE_URL: 'postgres://db/x' })).toEqual([
      'DATABASE_URL and DATABASE_URL_FILE are both set; keep one of them.',
    ]);
    expect(faultsOf({ SESSION_SECRET_FILE: `${file}s` })).toEqual([
      'SESSION_SECRET_FILE names a file that cannot be read (ENOENT).',
    ]);
  });

  test('is judged like the setting, and no fault repeats it', () => {
    expect(faultsOf({ SESSION_SECRET_FILE: file, SESSION_SECRET: '' })).toEqual([]);
    writeFileSync(file, 'mysql://user:hunter2@db/tapedeck');
    const faults = faultsOf({ DATABASE_URL_FILE: file, SESSION_SECRET: 'hunter2' });
    expect(faults).toEqual([
      'SESSION_SECRET needs 32 characters at least.',
      'DATABASE_URL has to begin with postgres:// (leave it empty for the embedded one).',
    ]);
  });
});
