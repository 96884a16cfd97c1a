import { describe, expect, test } from '@jest/globals';
import { readUpstreamProxies } from '../../../src/media/upstreamProxy.ts';

const https = (hostname: string, port = 443) => ({ protocol: 'https:', hostname, port }) as const;
const http = (hostname: string, port = 80) => ({ protocol: 'http:', hostname, port }) as const;

describe('the operator’s proxy', () => {
  test.each([
    [{}, null, null],
    [{ HTTP_PROXY: 'http://one:1' }, 'http://one:1/', 'http://one:1/'],
    [{ HTTPS_PROXY: 'http://two:2' }, null, 'http://two:2/'],
    [{ HTTP_PROXY: 'http://one:1', HTTPS_PROXY: 'http://two:2' }, 'http://one:1/', 'http://two:2/'],
    [{ ALL_PROXY: 'socks5h://all:3' }, 'socks5h://all:3', 'socks5h://all:3'],
    [{ ALL_PROXY: 'http://all:3', HTTP_PROXY: 'http://one:1' }, 'http://one:1/', 'http://all:3/'],
    [{ http_proxy: 'http://low:1', HTTP_PROXY: 'http://up:1' }, 'http://low:1/', 'http://low:1/'],
    [{ https_proxy: 'proxy.corp:3128' }, null, 'http://proxy.corp:3128/'],
    [{ HTTP_PROXY: '', ALL_PROXY: '' }, null, null],
  ])('under %j is %j for http and %j for https', (environment, forHttp, forHttps) => {
    const proxyFor = readUpstreamProxies(environment);
    expect(proxyFor(http('example.com'))?.href ?? null).toBe(forHttp);
    expect(proxyFor(https('example.com'))?.href ?? null).toBe(forHttps);
  });

  test.each(['localhost', 'a.localhost', '127.0.0.1', '127.8.8.8', '[::1]'])(
    'is never asked for this very machine: %s',
    (hostname) => {
      expect(readUpstreamProxies({ ALL_PROXY: 'http://all:3' })(http(hostname))).toBeNull();
    },
  );

  test.each([
    ['*', 'example.com', 443, true],
    ['example.com', 'example.com', 443, true],
    ['EXAMPLE.com', 'example.com', 443, true],
    ['example.com', 'sub.example.com', 443, true],
    ['.example.com', 'sub.example.com', 443, true],
    ['*.example.com', 'sub.example.com', 443, true],
    ['example.com', 'badexample.com', 443, false],
    ['example.com:8080', 'example.com', 443, false],
    ['example.com:443', 'example.com', 443, true],
    ['10.0.0.0/8', '10.1.2.3', 80, true],
    ['10.0.0.0/8', '11.1.2.3', 80, false],
    ['10.0.0.0/8', '[fd00::1]', 80, false],
    ['fd00::/8', '[fd00::1]', 80, true],
    ['10.1.2.3', '10.1.2.3', 80, true],
    ['fd00::1', '[fd00::1]', 80, true],
    ['[fd00::1]:80', '[fd00::1]', 80, true],
    ['other.com, example.com', 'example.com', 443, true],
    ['other.com example.com', 'example.com.', 443, true],
    [',', 'example.com', 443, false],
  ])('with NO_PROXY=%j and %s:%d is left out: %j', (exceptions, hostname, port, isLeftOut) => {
    const proxyFor = readUpstreamProxies({ HTTPS_PROXY: 'http://two:2', NO_PROXY: exceptions });
    expect(proxyFor(https(hostname, port)) === null).toBe(isLeftOut);
  });

  test.each(['ftp://proxy:1', 'http://', 'http://:secret@', 'http://a b'])(
    'given as %j is a fault, told without its password',
    (value) => {
      const read = () => readUpstreamProxies({ HTTPS_PROXY: value });
      expect(read).toThrow(/^HTTPS_PROXY is not the address of a proxy; write it like [^;]*\.$/);
      expect(read).not.toThrow(/secret/);
    },
  );
});
