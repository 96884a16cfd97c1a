import { describe, expect, test } from '@jest/globals';
import { allowsEndpoint, allowsHost, parseAllowedHosts } from '../../../src/domain/allowedHosts.ts';

describe('ALLOWED_HOSTS', () => {
  test.each(['', ' ', ',', ' , '])('%j means YouTube alone', (setting) => {
    const { allowedHosts, faults } = parseAllowedHosts(setting);
    expect(faults).toEqual([]);
    expect(allowedHosts).toMatchObject({ youtube: true, everyPublicSite: false });
    expect(allowsHost(allowedHosts, 'example.com', 443)).toBe(false);
  });

  test.each(['youtube.com', 'YouTu.be', '*.youtube.com', 'www.youtube-nocookie.com.'])(
    '%j opens YouTube under all its names',
    (setting) => {
      expect(parseAllowedHosts(setting)).toMatchObject({
        allowedHosts: { youtube: true, everyPublicSite: false },
        faults: [],
      });
    },
  );

  test('a star opens every public site, YouTube included, and nothing private', () => {
    const { allowedHosts } = parseAllowedHosts('*, db.internal:8080');
    expect(allowedHosts.youtube).toBe(true);
    expect(allowsHost(allowedHosts, 'example.com', 8443)).toBe(true);
    expect(allowsHost(allowedHosts, '10.0.0.1', 80)).toBe(false);
    expect(allowsHost(allowedHosts, 'db.internal', 8080)).toBe(true);
    expect(allowsHost(allowedHosts, 'db.internal', 80)).toBe(false);
  });

  test.each([
    ['example.com', 'example.com', true],
    ['example.com', 'www.example.com', true],
    ['www.example.com', 'example.com', true],
    ['Example.COM.', 'example.com.', true],
    ['example.com', 'm.example.com', false],
    ['example.com', 'badexample.com', false],
    ['*.example.com', 'm.example.com', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['bücher.example', 'xn--bcher-kva.example', true],
  ])('%j answers for %j: %j', (setting, hostname, expected) => {
    const { allowedHosts, faults } = parseAllowedHosts(setting);
    expect(faults).toEqual([]);
    expect(allowsHost(allowedHosts, hostname, 443)).toBe(expected);
    expect(allowsHost(allowedHosts, hostname, 8443)).toBe(false);
  });

  test('a host with a port opens that port alone, at a private address too', () => {
    const { allowedHosts, faults } = parseAllowedHosts('127.0.0.1:80,[::1]:8080,nas:443');
    expect(faults).toEqual([]);
    expect(allowsEndpoint(allowedHosts, '127.0.0.1', 80)).toBe(true);
    expect(allowsEndpoint(allowedHosts, '127.0.0.1', 443)).toBe(false);
    expect(allowsEndpoint(allowedHosts, '[::1]', 8080)).toBe(true);
    expect(allowsEndpoint(allowedHosts, 'nas', 443)).toBe(true);
    expect(allowsEndpoint(allowedHosts, 'nas', 80)).toBe(false);
  });

  test.each([
    'https://example.com',
    'example.com/videos',
    'user@example.com',
    'example.com:0',
    'example.com:99999',
    'example.com:http',
    '*.example.com:8080',
    'exa mple.com',
    'example..com',
    '*example.com',
    '::1',
    '[::1',
    '[zz]:80',
    '-- %',
    'localhost',
    '10.0.0.5',
    '0x7f.1',
    'nas',
    '*.internal',
    'youtube.com:8443',
  ])('%j is a fault, told in a sentence that names it', (entry) => {
    const { allowedHosts, faults } = parseAllowedHosts(`example.com,${entry}`);
    expect(faults).toEqual([expect.stringMatching(/^".*" .*; .*\.$/)]);
    expect(faults[0]).toContain(`"${entry}"`);
    expect(allowsHost(allowedHosts, 'example.com', 443)).toBe(true);
  });

  test('all faults are told at once', () => {
    expect(parseAllowedHosts('nas,localhost,a/b').faults).toHaveLength(3);
  });
});
