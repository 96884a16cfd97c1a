import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import {
  childEnvironment,
  choosesCertificates,
  extraCertificates,
} from '../../../src/media/environment.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-environment-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a tool sees PATH and whom to trust, and no secret of ours', () => {
  const host = {
    PATH: '/usr/bin',
    SSL_CERT_FILE: '/ca.pem',
    SSL_CERT_DIR: '',
    DATABASE_URL: 'postgres://user:secret@db/tapedeck',
    HTTPS_PROXY: 'http://outside:3128',
    NODE_OPTIONS: '--require evil',
    PYTHONPATH: '/evil',
    LD_PRELOAD: '/evil.so',
    HOME: '/root',
  };
  expect(childEnvironment(host, '/job')).toEqual({
    PATH: '/usr/bin',
    SSL_CERT_FILE: '/ca.pem',
    HOME: '/job',
    TMPDIR: '/job',
    LANG: 'C.UTF-8',
  });
});

test('certificates are chosen by any of the three variables, and not by an empty one', () => {
  expect(choosesCertificates({ NODE_EXTRA_CA_CERTS: '/extra.pem' })).toBe(true);
  expect(choosesCertificates({ SSL_CERT_DIR: '/certs' })).toBe(true);
  expect(choosesCertificates({ SSL_CERT_FILE: '' })).toBe(false);
});

test("NODE_EXTRA_CA_CERTS adds to the world's certificates, or to those of SSL_CERT_FILE", async () => {
  const extra = join(folder, 'extra.pem');
  const own = join(folder, 'own.pem');
  await writeFile(extra, 'EXTRA');
  await writeFile(own, 'OWN');
  const bundle = { SSL_CERT_FILE: join(folder, 'trusted.pem') };
  const written = () => readFile(bundle.SSL_CERT_FILE, 'utf8');

  expect(await extraCertificates({}, folder)).toEqual({});
  expect(await extraCertificates({ NODE_EXTRA_CA_CERTS: extra }, folder)).toEqual(bundle);
  expect(await written()).toBe(`${rootCertificates.join('\n')}\nEXTRA`);
  await extraCertificates({ NODE_EXTRA_CA_CERTS: extra, SSL_CERT_FILE: own }, folder);
  const inside = await extraCertificates(
    { NODE_EXTRA_CA_CERTS: extra, SSL_CERT_FILE: own },
    folder,
    '.',
  );
  expect(inside).toEqual({ SSL_CERT_FILE: 'trusted.pem' });
  expect(await written()).toBe('OWN\nEXTRA');
});
