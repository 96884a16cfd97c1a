// Which addresses and host names lie on the public internet. It resolves no name: media/egress does.
// The domain's one library: the registry of special addresses changes, so its keepers keep the table.
import ipaddr from 'ipaddr.js';

/** Azure's platform endpoint for its virtual machines: a public address that is no public service. */
const azurePlatformAddress = '168.63.129.16';
/** All IPv6 space given out so far; whatever lies outside is special or not yet routed. */
const globalUnicast = ipaddr.parseCIDR('2000::/3');
/** RFC 6052: how a host without IPv4 reaches it. The last 32 bits are the real target. */
const nat64 = ipaddr.parseCIDR('64:ff9b::/96');

/** Names that never belong to a public site: RFC 6761, RFC 6762, RFC 8375 and ICANN's `internal`. */
const privateNames = /(?:^|\.)(?:localhost|local|internal|home\.arpa)$/;

/**
 * True for an address that anybody on the internet can reach: not loopback, private, link-local,
 * shared (CGNAT), multicast, reserved, IPv4-mapped, 6to4, Teredo or a cloud's metadata service.
 * False for anything that is not an IP address.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv4) {
    return parsed.range() === 'unicast' && parsed.toString() !== azurePlatformAddress;
  }
  if (parsed.match(nat64)) {
    return isPublicAddress(new ipaddr.IPv4(parsed.toByteArray().slice(12)).toString());
  }
  return parsed.range() === 'unicast' && parsed.match(globalUnicast);
}

/**
 * False for a host that cannot be a public site, as far as its spelling tells: a literal private
 * address, `localhost`, a name without a dot. `hostname` is spelled as by the URL parser, which has
 * turned decimal, octal, hexadecimal and shortened IPv4 into the usual four numbers.
 */
export function isPublicHost(hostname: string): boolean {
  const host = withoutTrailingDot(hostname);
  const address = host.startsWith('[') ? host.slice(1, -1) : host;
  if (ipaddr.isValid(address)) return isPublicAddress(address);
  return host.includes('.') && !privateNames.test(host);
}

/** `example.com.` and `example.com` are one host. */
export function withoutTrailingDot(hostname: string): string {
  return hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
}

/** `10.0.0.1`, `::1` or a network such as `10.0.0.0/8`. */
export function isAddressOrNetwork(text: string): boolean {
  return ipaddr.isValid(text) || ipaddr.isValidCIDR(text);
}

/**
 * Whom to count as one caller by the address: IPv4 as it is, IPv6 by its /64, which a single subscriber has to
 * themselves. Anything that is no address is given back.
 */
export function countedAddress(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()}/64`;
}
