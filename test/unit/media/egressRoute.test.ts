import { expect, test } from '@jest/globals';
import { parseAllowedHosts } from '../../../src/domain/allowedHosts.ts';
import { decideRoute } from '../../../src/media/egressRoute.ts';
import type { EgressRules } from '../../../src/media/egressRoute.ts';

const publicAddress = { address: '93.184.215.14', family: 4 };
const privateAddress = { address: '10.0.0.7', family: 4 };
const proxy = new URL('http://proxy.corp:3128');
const rules = (changes: Partial<EgressRules> = {}): EgressRules => ({
  allowedHosts: parseAllowedHosts('nas:9000').allowedHosts,
  upstreamProxyFor: () => null,
  lookup: () => Promise.resolve([publicAddress]),
  ownAddresses: () => new Set(),
  ...changes,
});
const target = (hostname: string, port = 443) => ({ protocol: 'https:', hostname, port }) as const;
const unresolvable = () => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' }));

test('a public name is reached at the addresses that were checked', async () => {
  expect(await decideRoute(target('example.com'), rules())).toEqual({
    refusal: null,
    target: target('example.com'),
    upstream: null,
    addresses: [publicAddress],
  });
});

test('a name is resolved once', async () => {
  let lookups = 0;
  const lookup = () => {
    lookups += 1;
    return Promise.resolve([publicAddress]);
  };
  await decideRoute(target('example.com'), rules({ lookup }));
  expect(lookups).toBe(1);
});

test('a literal address is never resolved', async () => {
  const route = await decideRoute(target('[2606:4700::1111]'), rules({ lookup: unresolvable }));
  expect(route).toMatchObject({ addresses: [{ address: '2606:4700::1111', family: 6 }] });
});

test.each([
  ['a private address', [privateAddress]],
  ['a private address among public ones', [publicAddress, privateAddress]],
  ['a mapped loopback address', [{ address: '::ffff:127.0.0.1', family: 6 }]],
  ['a scoped link-local address', [{ address: 'fe80::1%eth0', family: 6 }]],
])('a name that leads to %s is refused, behind a proxy too', async (_, addresses) => {
  const lookup = () => Promise.resolve(addresses);
  for (const upstream of [null, proxy]) {
    const route = decideRoute(target('x.com'), rules({ lookup, upstreamProxyFor: () => upstream }));
    expect(await route).toEqual({ refusal: 'private address' });
  }
});

test('this machine’s own public address is refused', async () => {
  const ownAddresses = () => new Set([publicAddress.address]);
  const route = await decideRoute(target('example.com'), rules({ ownAddresses }));
  expect(route).toEqual({ refusal: 'private address' });
});

test.each(['localhost', 'metadata.google.internal', 'postgres', '169.254.169.254', '[::1]'])(
  '%s is refused unasked, behind a proxy too',
  async (hostname) => {
    const never = rules({ lookup: unresolvable, upstreamProxyFor: () => proxy });
    expect(await decideRoute(target(hostname), never)).toEqual({ refusal: 'private address' });
  },
);

test.each([22, 25, 110, 445, 1023])('port %d is refused', async (port) => {
  expect(await decideRoute(target('example.com', port), rules())).toEqual({ refusal: 'port' });
});

test.each([80, 443, 1024, 8080, 65_535])('port %d is open', async (port) => {
  expect(await decideRoute(target('example.com', port), rules())).toMatchObject({ refusal: null });
});

test('a host and port that the operator opened may be private; its other ports are not open', async () => {
  const lookup = () => Promise.resolve([privateAddress]);
  expect(await decideRoute(target('nas', 9000), rules({ lookup }))).toMatchObject({
    refusal: null,
    addresses: [privateAddress],
  });
  expect(await decideRoute(target('nas', 9001), rules({ lookup }))).toEqual({
    refusal: 'private address',
  });
});

test('a name that does not resolve here is left to the proxy, and fails without one', async () => {
  const behind = rules({ lookup: unresolvable, upstreamProxyFor: () => proxy });
  expect(await decideRoute(target('example.com'), behind)).toMatchObject({
    upstream: proxy,
    addresses: [],
  });
  await expect(
    decideRoute(target('example.com'), rules({ lookup: unresolvable })),
  ).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test('a resolver that never answers does not hold up what a proxy can resolve', async () => {
  const behind = rules({ lookup: () => new Promise(() => {}), upstreamProxyFor: () => proxy });
  const route = await decideRoute(target('example.com'), behind);
  expect(route).toMatchObject({ upstream: proxy, addresses: [] });
});
