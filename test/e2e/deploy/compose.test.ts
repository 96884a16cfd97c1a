// docker-compose.yaml and Dockerfile as far as they can be judged without a Docker engine: the real
// `docker-compose config` reads the one, and this the other. No container is started.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';

const root = resolve(import.meta.dirname, '../../..');

type Service = {
  container_name?: string;
  environment: Record<string, string | null>;
  healthcheck: { test: string[] };
  // Version 1 writes strings, version 2 objects.
  ports?: unknown[];
  read_only?: boolean;
  security_opt: string[];
  volumes: unknown[];
};
type Project = { services: Record<string, Service>; volumes: Record<string, unknown> };

/** What `docker-compose config` makes of the file with these variables and no others. */
function composeConfig(environment: Readonly<Record<string, string>>, ...overrides: string[]) {
  const { error, status, stdout, stderr } = spawnSync(
    'docker-compose',
    [
      ...['docker-compose.yaml', ...overrides].flatMap((file) => ['--file', `${root}/${file}`]),
      '--env-file',
      `${root}/.env.example`,
      'config',
    ],
    { encoding: 'utf8', env: { PATH: process.env['PATH'], ...environment } },
  );
  if (error !== undefined) {
    throw new Error(
      'docker-compose cannot be run, so docker-compose.yaml was not judged; ' +
        'install it, on Debian with: apt-get install docker-compose',
      { cause: error },
    );
  }
  return { status, stdout, stderr };
}

describe('docker-compose.yaml', () => {
  let project: Project;
  beforeAll(() => {
    const { status, stdout, stderr } = composeConfig({ POSTGRES_PASSWORD: 'a b$c@:/' });
    if (status !== 0) throw new Error(`docker-compose config ended with ${status}: ${stderr}`);
    project = parse(stdout) as Project;
  });

  test('has postgres, api and worker, each with a health check and without new privileges', () => {
    expect(Object.keys(project.services).toSorted()).toEqual(['api', 'postgres', 'worker']);
    for (const service of Object.values(project.services)) {
      expect(service.healthcheck.test[0]).toBe('CMD');
      expect(service.security_opt).toContain('no-new-privileges:true');
    }
  });

  test('shares the MP3s of api and worker on converted_mp3_vol and lets them write nowhere else', () => {
    expect(Object.keys(project.volumes)).toContain('converted_mp3_vol');
    for (const name of ['api', 'worker']) {
      const service = project.services[name];
      expect(service?.volumes).toHaveLength(1);
      expect(JSON.stringify(service?.volumes)).toMatch(/converted_mp3_vol.*\/data/u);
      expect(service?.read_only).toBe(true);
      expect(service?.environment).toMatchObject({ ROLES: name, PGPASSWORD: 'a b$$c@:/' });
    }
  });

  test('lets the worker scale, and opens one port on this machine only', () => {
    const { api, postgres, worker } = project.services;
    expect(worker?.container_name).toBeUndefined();
    expect(worker?.ports).toBeUndefined();
    expect(postgres?.ports).toBeUndefined();
    expect(api?.ports).toHaveLength(1);
    expect(JSON.stringify(api?.ports)).toContain('127.0.0.1');
  });

  test('passes every setting of .env.example on that is not fixed in the container', () => {
    const example = readFileSync(`${root}/.env.example`, 'utf8');
    const names = [...example.matchAll(/^# (?<name>[A-Z_]+)=/gmu)].map(
      (match) => match.groups?.['name'] ?? '',
    );
    const fixed = ['HOST', 'PORT', 'DATA_DIR', 'YTDLP_PATH', 'FFMPEG_PATH'];
    // The image is built anew instead.
    fixed.push('YTDLP_UPDATE', 'YTDLP_RELEASES_URL', 'YTDLP_CANARY_URL');
    const ofCompose = ['POSTGRES_PASSWORD', 'TAPEDECK_LISTEN'];
    // For the one task of the owner, and only where the roles own nothing.
    ofCompose.push('API_DATABASE_PASSWORD', 'WORKER_DATABASE_PASSWORD');
    // They name files, which would have to be mounted as well.
    const files = ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'DATABASE_URL_FILE'];
    files.push('SESSION_SECRET_FILE');
    const expected = names.filter((name) => ![...fixed, ...ofCompose, ...files].includes(name));
    expect(expected).toContain('RETENTION_HOURS');
    // What one role alone needs, the other does not get.
    const passed = ['api', 'worker'].flatMap((name) =>
      Object.keys(project.services[name]?.environment ?? {}),
    );
    expect(new Set(passed)).toEqual(new Set([...expected, 'PGPASSWORD']));
  });

  test('keeps what the API signs with away from the worker, which runs strangers’ media', () => {
    const passed = Object.keys(project.services['worker']?.environment ?? {});
    expect(passed).toContain('RETENTION_HOURS');
    expect(passed).not.toContain('SESSION_SECRET');
  });

  test('with roles that own nothing, the owner’s password reaches neither API nor worker', () => {
    const own = { API_DATABASE_PASSWORD: 'of the API', WORKER_DATABASE_PASSWORD: 'of the worker' };
    const roles = 'deploy/docker-compose.roles.yaml';
    const { status, stdout, stderr } = composeConfig(
      { POSTGRES_PASSWORD: 'the owner', ...own },
      roles,
    );
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const { services } = parse(stdout) as Project;
    expect(services['migrate']?.environment).toMatchObject({ PGPASSWORD: 'the owner', ...own });
    for (const [name, password] of [
      ['api', 'of the API'],
      ['worker', 'of the worker'],
    ] as const) {
      const { environment } = services[name] ?? {};
      expect(environment).toMatchObject({
        PGPASSWORD: password,
        DATABASE_URL: `postgres://tapedeck_${name}@postgres:5432/tapedeck`,
      });
      expect(JSON.stringify(environment)).not.toContain('the owner');
    }
    expect(composeConfig({ POSTGRES_PASSWORD: 'the owner' }, roles).stderr).toContain(
      'Set API_DATABASE_PASSWORD',
    );
  });

  test('without a password it says in one sentence what to set', () => {
    const { status, stderr } = composeConfig({});
    expect(status).not.toBe(0);
    expect(stderr).toContain(
      'Set POSTGRES_PASSWORD to any long random text, in the environment or in .env.',
    );
  });
});

test('everything that the Dockerfile copies from here exists and is not ignored', () => {
  const dockerfile = readFileSync(`${root}/Dockerfile`, 'utf8');
  const ignored = readFileSync(`${root}/.dockerignore`, 'utf8').split('\n');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(?<words>.+)$/gmu)].flatMap(
    (match) => match.groups?.['words']?.split(' ').slice(0, -1) ?? [],
  );
  expect(copied).toContain('src');
  for (const file of new Set(copied.map((name) => name.replace(/^\.\//u, '')))) {
    expect({ file, exists: existsSync(`${root}/${file}`) }).toEqual({ file, exists: true });
    expect(ignored).toContain(`!${file}`);
  }
});
