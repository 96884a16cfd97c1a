// The operator's own proxies: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in both cases.
// Written here since proxy-from-env reads process.env alone and takes no address ranges or subdomains.
import ipaddr from 'ipaddr.js';

/** What a connection is for. `hostname` as the URL parser spells it, IPv6 in brackets. */
export type Target = {
  readonly protocol: 'http:' | 'https:';
  readonly hostname: string;
  readonly port: number;
};

/** Gives the proxy that the operator wants for a target; null for a direct connection. */
export type UpstreamProxyFor = (target: Target) => URL | null;

type Environment = Readonly<Record<string, string | undefined>>;

const proxyProtocols = /^(?:https?|socks[45]?|socks4a|socks5h):$/;

/**
 * Reads the variables once. As in yt-dlp, HTTP_PROXY serves https too when nothing else does; as in
 * curl, Python and Go, a NO_PROXY entry covers subdomains; as in Go and Chromium, this very machine
 * is never asked for through a proxy. Throws an Error with a sentence for the operator.
 */
export function readUpstreamProxies(environment: Environment): UpstreamProxyFor {
  const read = (name: string) =>
    environment[`${name}_proxy`] || environment[`${name.toUpperCase()}_PROXY`] || '';
  const proxyAt = (name: string) => parseProxy(name, read(name));
  const all = proxyAt('all');
  const http = proxyAt('http') ?? all;
  const https = proxyAt('https') ?? all ?? http;
  const exceptions = read('no')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');

  return (target) => {
    const host = target.hostname.replace(/^\[|\]$|\.$/g, '');
    const isDirect =
      isThisMachine(host) || exceptions.some((entry) => covers(entry, host, target.port));
    if (isDirect) return null;
    return target.protocol === 'https:' ? https : http;
  };
}

function parseProxy(name: string, value: string): URL | null {
  if (value === '') return null;
  const url = URL.parse(/^[a-z0-9]+:\/\//i.test(value) ? value : `http://${value}`);
  if (url && url.hostname !== '' && proxyProtocols.test(url.protocol)) return url;
  // The value may hold a password.
  throw new Error(
    `${name.toUpperCase()}_PROXY is not the address of a proxy; write it like http://proxy.example.com:3128.`,
  );
}

function isThisMachine(host: string): boolean {
  if (ipaddr.isValid(host)) return ipaddr.parse(host).range() === 'loopback';
  return /(?:^|\.)localhost$/.test(host);
}

function covers(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  if (ipaddr.isValidCIDR(entry)) {
    const [range, bits] = ipaddr.parseCIDR(entry);
    const address = ipaddr.isValid(host) ? ipaddr.parse(host) : null;
    return address?.kind() === range.kind() && address.match(range, bits);
  }
  const [, name = entry, onlyPort] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  if (onlyPort !== undefined && Number(onlyPort) !== port) return false;
  const domain = name.replace(/^\[|\]$/g, '').replace(/^\*?\.|\.$/g, '');
  return host === domain || host.endsWith(`.${domain}`);
}
