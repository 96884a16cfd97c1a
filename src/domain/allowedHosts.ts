// ALLOWED_HOSTS: from which sites links are accepted, and which private endpoints the operator opened.
// It judges names only; the addresses behind them are checked when connecting, in media/egress.
import { isPublicHost, withoutTrailingDot } from './address.ts';
import { isYoutubeHost } from './youtube.ts';

/** The operator's choice of sites. Host names are lower case, as the URL parser spells them. */
export type AllowedHosts = {
  /** YouTube under all its names. */
  readonly youtube: boolean;
  /** `*` */
  readonly everyPublicSite: boolean;
  /** `example.com`, which stands for www.example.com too. Default ports only. */
  readonly hosts: ReadonlySet<string>;
  /** `*.example.com`, kept as `example.com`: every name below it, not itself. Default ports only. */
  readonly domains: ReadonlySet<string>;
  /** `example.com:8080`: exactly this host and port, http or https, at a private address too. */
  readonly endpoints: ReadonlySet<string>;
};

/**
 * Reads the setting: a comma list of `host`, `*.host`, `host:port` and `*`; empty means YouTube.
 * Each fault is a sentence for the operator; with faults, `allowedHosts` holds the good entries.
 */
export function parseAllowedHosts(setting: string): {
  allowedHosts: AllowedHosts;
  faults: readonly string[];
} {
  const entries = setting.split(',').map((entry) => entry.trim());
  const written = entries.filter((entry) => entry !== '');
  const hosts = new Set<string>();
  const domains = new Set<string>();
  const endpoints = new Set<string>();
  const faults: string[] = [];
  let youtube = written.length === 0;
  for (const entry of written.filter((each) => each !== '*')) {
    const { subdomains, hostname, port } = parseEntry(entry);
    if (hostname === null) {
      faults.push(
        `"${entry}" is not a host; write example.com, *.example.com, example.com:8080 or *.`,
      );
    } else if (port !== null && isYoutubeHost(hostname)) {
      faults.push(`"${entry}" names a port of YouTube; write youtube.com without it.`);
    } else if (port !== null) {
      endpoints.add(`${hostname}:${port}`);
    } else if (isYoutubeHost(hostname)) {
      youtube = true;
    } else if (!isPublicHost(hostname)) {
      faults.push(
        `"${entry}" is not on the public internet; add the port to open it all the same.`,
      );
    } else if (subdomains) {
      domains.add(hostname);
    } else {
      hosts.add(withoutWww(hostname));
    }
  }
  const everyPublicSite = written.includes('*');
  const allowedHosts = {
    youtube: youtube || everyPublicSite,
    everyPublicSite,
    hosts,
    domains,
    endpoints,
  };
  return { allowedHosts, faults };
}

/** True when links to this host and port are accepted. YouTube has rules of its own: `youtube`. */
export function allowsHost(allowedHosts: AllowedHosts, hostname: string, port: number): boolean {
  const host = withoutTrailingDot(hostname);
  if (allowsEndpoint(allowedHosts, host, port)) return true;
  if (allowedHosts.everyPublicSite) return isPublicHost(host) && isOrdinaryPort(port);
  if (port !== 80 && port !== 443) return false;
  return allowedHosts.hosts.has(withoutWww(host)) || hasParentIn(allowedHosts.domains, host);
}

/** True when the operator opened this very host and port, wherever it lies. */
export function allowsEndpoint(
  allowedHosts: AllowedHosts,
  hostname: string,
  port: number,
): boolean {
  return allowedHosts.endpoints.has(`${withoutTrailingDot(hostname)}:${port}`);
}

/** Web ports and the unprivileged ones: nobody shall speak to mail or SSH servers through us. */
export function isOrdinaryPort(port: number): boolean {
  return port === 80 || port === 443 || (port >= 1024 && port <= 65_535);
}

/** `www.example.com` and `example.com` are one site. */
export function withoutWww(hostname: string): string {
  return hostname.replace(/^www\.(?=[^.]+\.)/, '');
}

function hasParentIn(domains: ReadonlySet<string>, hostname: string): boolean {
  const labels = hostname.split('.');
  return labels.some((_, depth) => depth > 0 && domains.has(labels.slice(depth).join('.')));
}

function parseEntry(entry: string) {
  const shape = /^(\*\.)?(\[[0-9a-f:.]+\]|[^\s:/?#@\\*[\]%]+)(?::(\d{1,5}))?$/i.exec(entry);
  const subdomains = shape?.[1] !== undefined;
  const port = shape?.[3] === undefined ? null : Number(shape[3]);
  const isSound = port === null || (port >= 1 && port <= 65_535 && !subdomains);
  const url = shape !== null && isSound ? URL.parse(`http://${shape[2]}`) : null;
  const hostname = url && withoutTrailingDot(url.hostname);
  return { subdomains, hostname: hostname && isWellFormed(hostname) ? hostname : null, port };
}

function isWellFormed(hostname: string): boolean {
  return hostname.split('.').every((label) => label !== '');
}
