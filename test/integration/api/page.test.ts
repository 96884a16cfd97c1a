// How the page travels: its addresses, its policy, its assets. What it does is tested in test/browser.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';

const forPeople = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
let app: TestApp;

beforeAll(async () => {
  app = await startApp({ settings: { ROLES: 'api' } });
});
afterAll(() => app[Symbol.asyncDispose]());

function get(path: string, headers: Record<string, string> = forPeople): Promise<Response> {
  return fetch(app.url + path, { headers });
}

test.each(['/', '/queue', '/?url=https%3A%2F%2Fyoutu.be%2Fx'])('%s is the page', async (path) => {
  const response = await get(path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-cache');
  expect(await response.text()).toContain('<div id="root">');
});

test('the page may load from its own server alone, runs nothing inline, and may not be framed', async () => {
  const { headers } = await get('/');
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/\*|https?:|wss?:|unsafe-/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

test('every asset of the page is cached for ever and travels compressed', async () => {
  const html = await (await get('/')).text();
  const assets = [...html.matchAll(/"(?<path>\/assets\/[^"]+\.(?:js|css))"/gu)];
  expect(assets.length).toBeGreaterThan(1);
  for (const { groups } of assets) {
    const { status, headers } = await get(groups?.['path'] ?? '', { 'accept-encoding': 'br' });
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(headers.get('content-encoding')).toBe('br');
    expect(headers.get('vary')).toBe('accept-encoding');
  }
});

test('the manifest makes an app of it, which takes links that others share', async () => {
  const response = await get('/manifest.webmanifest');
  expect(response.headers.get('content-type')).toMatch(/^application\/manifest\+json/);
  const manifest = (await response.json()) as {
    icons: { src: string }[];
    share_target: { action: string; method: string; params: object };
  };
  expect(manifest.share_target).toEqual({
    action: '/',
    method: 'GET',
    params: { title: 'title', text: 'text', url: 'url' },
  });
  const icons = await Promise.all(manifest.icons.map(({ src }) => get(src)));
  expect(icons.map(({ status }) => status)).toEqual(icons.map(() => 200));
});

test('the service worker of the notifications is at the root, and asked for again each time', async () => {
  const response = await get('/notify.js');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^(text|application)\/javascript/);
  expect(response.headers.get('cache-control')).toBe('public, max-age=0');
  expect(await response.text()).not.toContain("addEventListener('fetch'");
});

describe('an address that leads nowhere', () => {
  test('gets the page with status 404 for people', async () => {
    const response = await get('/no/such/thing');
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('<div id="root">');
  });

  test.each([
    ['GET', { accept: '*/*' }],
    ['GET', { accept: 'application/json' }],
    ['POST', forPeople],
  ])('gets one line for programs (%s, %j)', async (method, headers) => {
    const response = await fetch(`${app.url}/no/such/thing`, { method, headers });
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toMatch(/^There is nothing at this address.*\/graphql\.\n$/);
  });
});
