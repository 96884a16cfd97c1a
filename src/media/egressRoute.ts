// Decides whether yt-dlp may reach a target, and at which addresses. It opens no connection.
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { isPublicAddress, isPublicHost } from '../domain/address.ts';
import { allowsEndpoint, isOrdinaryPort } from '../domain/allowedHosts.ts';
import type { AllowedHosts } from '../domain/allowedHosts.ts';
import type { Target, UpstreamProxyFor } from './upstreamProxy.ts';

/** All addresses of a name, as `dns.promises.lookup(name, { all: true })`; rejects when there are none. */
export type Lookup = (hostname: string) => Promise<LookupAddress[]>;

/** What the decision rests on. */
export type EgressRules = {
  readonly allowedHosts: AllowedHosts;
  readonly upstreamProxyFor: UpstreamProxyFor;
  readonly lookup: Lookup;
  /** This machine's addresses: from inside, they reach what a firewall hides from the outside. */
  readonly ownAddresses: () => ReadonlySet<string>;
};

/**
 * `addresses` are the checked ones, and the only ones to connect to: resolving again would let the
 * name's owner answer differently (DNS rebinding). Empty only when an upstream proxy has to resolve.
 */
export type Route =
  | { readonly refusal: 'port' | 'private address' }
  | {
      readonly refusal: null;
      readonly target: Target;
      readonly upstream: URL | null;
      readonly addresses: LookupAddress[];
    };

const lookupLimitMs = 10_000;
/** Behind a proxy, many networks resolve no public name: do not wait long for that. */
const lookupLimitBehindProxyMs = 2_000;

/** Rejects with the lookup's error (`code` ENOTFOUND or the like) when a direct target has no address. */
export async function decideRoute(target: Target, rules: EgressRules): Promise<Route> {
  const isOpened = allowsEndpoint(rules.allowedHosts, target.hostname, target.port);
  if (!isOpened && !isOrdinaryPort(target.port)) return { refusal: 'port' };
  if (!isOpened && !isPublicHost(target.hostname)) return { refusal: 'private address' };

  const upstream = rules.upstreamProxyFor(target);
  const addresses = await resolve(target.hostname, rules.lookup, upstream !== null);
  const own = rules.ownAddresses();
  const isReachable = ({ address }: LookupAddress) => isPublicAddress(address) && !own.has(address);
  // One private address among several is no accident: refuse them all.
  if (!isOpened && !addresses.every(isReachable)) return { refusal: 'private address' };
  return { refusal: null, target, upstream, addresses };
}

async function resolve(hostname: string, lookup: Lookup, isBehindProxy: boolean) {
  const name = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(name);
  if (family !== 0) return [{ address: name, family }];
  try {
    return await within(isBehindProxy ? lookupLimitBehindProxyMs : lookupLimitMs, lookup(name));
  } catch (error) {
    if (isBehindProxy) return [];
    throw error;
  }
}

/** getaddrinfo cannot be stopped, only left alone. */
async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  const over = new AbortController();
  const limit = async () => {
    await delay(limitMs, undefined, { signal: over.signal });
    throw Object.assign(new Error('The name was not resolved in time.'), { code: 'ETIMEOUT' });
  };
  try {
    return await Promise.race([promise, limit()]);
  } finally {
    over.abort();
  }
}
