import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import http from 'node:http';
import type { ClientRequest, IncomingMessage, RequestListener } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parseAllowedHosts } from '../../../src/domain/allowedHosts.ts';
import { proxyEnvironment, startEgressGuard } from '../../../src/media/egress.ts';
import type { Lookup } from '../../../src/media/egressRoute.ts';

const silent = { warn() {}, debug() {} };
const loopback: Lookup = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
const unresolvable: Lookup = () =>
  Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }));

function startGuard(
  allowed: string,
  { environment = {}, lookup = loopback }: { environment?: object; lookup?: Lookup } = {},
) {
  const { allowedHosts } = parseAllowedHosts(allowed);
  const environmentOf = environment as Record<string, string>;
  return startEgressGuard({ allowedHosts, environment: environmentOf, logger: silent, lookup });
}

/** A listening server on loopback that counts its visitors and is gone with all its sockets at the end. */
async function listen<S extends Server>(server: S) {
  const sockets = new Set<Socket>();
  let visits = 0;
  server.on('connection', (socket: Socket) => {
    visits += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    server,
    port,
    origin: `127.0.0.1:${port}`,
    sockets,
    visits: () => visits,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

const listenHttp = (handler: RequestListener) => listen(http.createServer(handler));
const listenEcho = () =>
  listen(createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)));

type Guard = { readonly url: string };

function proxyOptions(guard: Guard) {
  const { hostname, port, username, password } = new URL(guard.url);
  const credentials = Buffer.from(`${username}:${password}`).toString('base64');
  return { host: hostname, port, headers: { 'Proxy-Authorization': `Basic ${credentials}` } };
}

/** An answer that nobody reads to its end keeps its connection: after each test they go. */
const opened = new Set<ClientRequest | Socket>();
afterEach(() => {
  for (const each of opened) each.destroy();
  opened.clear();
});

/** A plain request through the guard, as any HTTP client makes it. */
async function get(guard: Guard, url: string, headers: Record<string, string | string[]> = {}) {
  const options = proxyOptions(guard);
  const request = http.get({ ...options, path: url, headers: { ...options.headers, ...headers } });
  opened.add(request);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

/** CONNECT through the guard: the status line and, when it stands, the tunnel. */
async function dig(guard: Guard, authority: string) {
  const request = http
    .request({ ...proxyOptions(guard), method: 'CONNECT', path: authority })
    .end();
  const connected = (await once(request, 'connect')) as [IncomingMessage, Socket, Buffer];
  const [response, socket, head] = connected;
  opened.add(socket);
  if (head.length > 0) socket.unshift(head);
  return { status: response.statusCode, reason: response.statusMessage, socket };
}

describe('an allowed target', () => {
  test('answers a plain request, which arrives as it was sent but without the proxy’s headers', async () => {
    await using origin = await listenHttp((request, response) => {
      response.writeHead(200, 'Fine', {
        'Set-Cookie': ['a=1', 'b=2'],
        'X-Path': request.url ?? '',
      });
      response.end(JSON.stringify(request.headers));
    });
    await using guard = await startGuard(origin.origin);
    const response = await get(guard, `http://${origin.origin}/a/b?c=%20d`, {
      Host: 'other.example',
      'Proxy-Connection': 'keep-alive',
      Connection: 'keep-alive, X-Hop',
      'X-Hop': '1',
      'X-Kept': '2',
    });
    expect(response).toMatchObject({ statusCode: 200, statusMessage: 'Fine' });
    expect(response.headers).toMatchObject({
      'set-cookie': ['a=1', 'b=2'],
      'x-path': '/a/b?c=%20d',
    });
    const seen = JSON.parse(await text(response)) as Record<string, string>;
    expect(seen).toMatchObject({ host: origin.origin, 'x-kept': '2' });
    expect(Object.keys(seen).filter((name) => /^proxy-|^x-hop$/.test(name))).toEqual([]);
  });

  test('gets the body of a request', async () => {
    await using origin = await listenHttp((request, response) => request.pipe(response));
    await using guard = await startGuard(origin.origin);
    const options = { ...proxyOptions(guard), path: `http://${origin.origin}/`, method: 'POST' };
    const request = http.request(options).end('some words');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(await text(response)).toBe('some words');
  });

  test('is reached through a tunnel, whose directions end one by one', async () => {
    await using echo = await listenEcho();
    await using guard = await startGuard(echo.origin);
    const { status, socket } = await dig(guard, echo.origin);
    expect(status).toBe(200);
    socket.end('hello');
    expect(await text(socket)).toBe('hello');
  });

  test('is connected to at the address that was checked, of one lookup only', async () => {
    await using origin = await listenHttp((_, response) => response.end('the checked one'));
    const answers = ['127.0.0.1', '127.0.0.99'];
    let lookups = 0;
    const lookup: Lookup = () => {
      lookups += 1;
      return Promise.resolve([{ address: answers.shift() ?? '', family: 4 }]);
    };
    await using guard = await startGuard(`rebind.example:${origin.port}`, { lookup });
    const response = await get(guard, `http://rebind.example:${origin.port}/`);
    expect(await text(response)).toBe('the checked one');
    expect(lookups).toBe(1);
  });

  test('gets through 64 MiB unharmed, by tunnel and by plain request', async () => {
    const media = randomBytes(64 * 1024 * 1024);
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    await using origin = await listenHttp((_, response) => response.end(media));
    await using guard = await startGuard(origin.origin);
    const plain = await get(guard, `http://${origin.origin}/`);
    expect(hash(await buffer(plain))).toBe(hash(media));
    const { socket } = await dig(guard, origin.origin);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(hash((await buffer(socket)).subarray(-media.length))).toBe(hash(media));
  });
});

describe('a refused target', () => {
  test.each([
    ['127.0.0.1:8080', 'private address'],
    ['127.1:8080', 'private address'],
    ['2130706433:8080', 'private address'],
    ['0x7f000001:8080', 'private address'],
    ['[::1]:8080', 'private address'],
    ['[::ffff:127.0.0.1]:8080', 'private address'],
    ['169.254.169.254:80', 'private address'],
    ['LOCALHOST:8080', 'private address'],
    ['name.example:8080', 'private address'],
    ['8.8.8.8:22', 'port'],
    ['8.8.8.8:0', 'no web address'],
    ['8.8.8.8', 'no web address'],
    ['user@8.8.8.8:443', 'no web address'],
  ])('%s is answered 403 with the reason in the status line: %s', async (authority, why) => {
    await using guard = await startGuard('*');
    const { status, reason, socket } = await dig(guard, authority);
    expect([status, reason]).toEqual([403, `Blocked by egress guard: ${why}`]);
    expect(await text(socket)).toBe(`Blocked by egress guard: ${why}\n`);
    expect(guard.refusedCount()).toBe(1);
  });

  test.each([
    ['http://127.0.0.1:8080/', 'private address'],
    ['http://name.example/', 'private address'],
    ['http://8.8.8.8:25/', 'port'],
    ['ftp://8.8.8.8/', 'no web address'],
    ['https://8.8.8.8/', 'no web address'],
    ['/', 'no web address'],
  ])('%s is answered likewise: %s', async (url, why) => {
    await using guard = await startGuard('*');
    const response = await get(guard, url);
    expect(response).toMatchObject({
      statusCode: 403,
      statusMessage: `Blocked by egress guard: ${why}`,
    });
  });

  test('is not even resolved for somebody without the credentials', async () => {
    const never: Lookup = () => Promise.reject(new Error('was resolved'));
    await using guard = await startGuard('*', { lookup: never });
    const { port } = new URL(guard.url);
    for (const url of [`http://127.0.0.1:${port}`, `http://tapedeck:wrong@127.0.0.1:${port}`]) {
      expect(await dig({ url }, 'example.com:443')).toMatchObject({ status: 407 });
      const response = await get({ url }, 'http://example.com/');
      expect(response.statusCode).toBe(407);
      expect(response.headers['proxy-authenticate']).toBe('Basic realm="tapedeck"');
    }
    expect(guard.refusedCount()).toBe(0);
  });
});

describe('a target in trouble', () => {
  test('that does not resolve is said to be unknown', async () => {
    await using guard = await startGuard('*', { lookup: unresolvable });
    expect(await dig(guard, 'example.com:443')).toMatchObject({
      status: 502,
      reason: 'Name or service not known',
    });
  });

  test('that does not listen is said to refuse', async () => {
    const gone = await listenEcho();
    await gone[Symbol.asyncDispose]();
    await using guard = await startGuard(gone.origin);
    const answer = { status: 502, reason: 'Connection refused' };
    expect(await dig(guard, gone.origin)).toMatchObject(answer);
    const response = await get(guard, `http://${gone.origin}/`);
    expect(response).toMatchObject({ statusCode: 502, statusMessage: 'Connection refused' });
  });

  test('that speaks no HTTP is answered for with 502, and the guard lives on', async () => {
    const garbage = [
      'SSH-2.0-x\r\n',
      'HTTP/1.1 099 Odd\r\n\r\n',
      'HTTP/1.1 200 O\u0000K\r\n\r\n',
      '',
    ];
    for (const answer of garbage) {
      await using origin = await listen(createServer((socket) => void socket.end(answer)));
      await using guard = await startGuard(origin.origin);
      const response = await get(guard, `http://${origin.origin}/`);
      expect(response.statusCode).toBe(502);
      expect((await get(guard, 'http://localhost/')).statusCode).toBe(403);
    }
  });

  test('that breaks off in mid-answer is seen to break off', async () => {
    await using origin = await listenHttp((_, response) => {
      response.writeHead(200, { 'Content-Length': 100 }).write('half');
      setImmediate(() => response.destroy());
    });
    await using guard = await startGuard(origin.origin);
    const response = await get(guard, `http://${origin.origin}/`);
    await expect(text(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

test('the end of the guard ends every connection through it', async () => {
  await using echo = await listenEcho();
  const guard = await startGuard(echo.origin);
  const { socket } = await dig(guard, echo.origin);
  const [remote] = echo.sockets;
  if (!remote) throw new Error('The tunnel does not reach its target.');
  const ends = Promise.all([once(socket, 'close'), once(remote, 'close')]);
  await guard[Symbol.asyncDispose]();
  await ends;
  const late = connect(Number(new URL(guard.url).port), '127.0.0.1');
  await expect(once(late, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a target that vanishes is seen to vanish', async () => {
  await using echo = await listenEcho();
  await using guard = await startGuard(echo.origin);
  const { socket } = await dig(guard, echo.origin);
  const [remote] = echo.sockets;
  remote?.resetAndDestroy();
  await expect(text(socket)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('many requests over one connection leave nothing behind', async () => {
  await using origin = await listenHttp((_, response) => response.end('again'));
  await using guard = await startGuard(origin.origin);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  for (let count = 0; count < 30; count += 1) {
    const options = { ...proxyOptions(guard), agent, path: `http://${origin.origin}/` };
    const [response] = (await once(http.get(options), 'response')) as [IncomingMessage];
    expect(await text(response)).toBe('again');
  }
  process.off('warning', note);
  agent.destroy();
  expect(warnings).toEqual([]);
});

test('a client that vanishes takes its connection to the target with it', async () => {
  await using echo = await listenEcho();
  await using guard = await startGuard(echo.origin);
  const { socket } = await dig(guard, echo.origin);
  const [remote] = echo.sockets;
  const closed = remote && once(remote, 'close');
  socket.resetAndDestroy();
  await closed;
  expect(echo.sockets.size).toBe(0);
});

describe('behind the operator’s proxy', () => {
  /** A proxy that leads everything to one origin and notes what it was asked for. */
  async function listenProxy(origin: { port: number }, status = 200) {
    const asked: string[] = [];
    const note = ({ method, url, headers }: IncomingMessage) =>
      asked.push(`${method} ${url} ${headers['proxy-authorization'] ?? ''}`.trim());
    const proxy = http.createServer((request, response) => {
      note(request);
      response.end('from the proxy');
    });
    proxy.on('connect', (request: IncomingMessage, client: Socket) => {
      note(request);
      client.write(`HTTP/1.1 ${status} Whatever\r\n\r\n`);
      if (status !== 200) client.end();
      else client.pipe(connect(origin.port, '127.0.0.1')).pipe(client);
    });
    return Object.assign(await listen(proxy), { asked });
  }

  test('names that resolve nowhere here go there, with its credentials', async () => {
    await using echo = await listenEcho();
    await using proxy = await listenProxy(echo);
    const environment = { http_proxy: `http://me:50%25%@${proxy.origin}` };
    await using guard = await startGuard('*', { environment, lookup: unresolvable });
    const { status, socket } = await dig(guard, 'example.com:443');
    expect(status).toBe(200);
    socket.end('hello');
    expect(await text(socket)).toBe('hello');
    const response = await get(guard, 'http://example.com/a?b');
    expect(await text(response)).toBe('from the proxy');
    const credentials = `Basic ${Buffer.from('me:50%25%').toString('base64')}`;
    expect(proxy.asked).toEqual([
      `CONNECT example.com:443 ${credentials}`,
      `GET http://example.com/a?b ${credentials}`,
    ]);
  });

  test('private targets are still refused here', async () => {
    await using echo = await listenEcho();
    await using proxy = await listenProxy(echo);
    const environment = { ALL_PROXY: `http://${proxy.origin}` };
    await using guard = await startGuard('*', { environment });
    for (const authority of ['10.0.0.1:80', 'intranet:80', 'resolves-to-loopback.example:80']) {
      expect(await dig(guard, authority)).toMatchObject({ status: 403 });
    }
    expect(proxy.visits()).toBe(0);
  });

  test('what NO_PROXY names is reached directly', async () => {
    await using origin = await listenHttp((_, response) => response.end('direct'));
    await using proxy = await listenProxy(origin);
    const environment = { HTTP_PROXY: `http://${proxy.origin}`, NO_PROXY: 'media.example' };
    await using guard = await startGuard(`media.example:${origin.port}`, { environment });
    const response = await get(guard, `http://media.example:${origin.port}/`);
    expect(await text(response)).toBe('direct');
    expect(proxy.visits()).toBe(0);
  });

  test('the proxy’s own refusal is not taken for ours', async () => {
    await using echo = await listenEcho();
    await using proxy = await listenProxy(echo, 403);
    const environment = { HTTPS_PROXY: `http://${proxy.origin}` };
    await using guard = await startGuard('*', { environment, lookup: unresolvable });
    expect(await dig(guard, 'example.com:443')).toMatchObject({
      status: 502,
      reason: 'Upstream proxy answered 403',
    });
    expect(guard.refusedCount()).toBe(0);
  });

  test('a SOCKS proxy serves as well', async () => {
    await using origin = await listenHttp((_, response) => response.end('by socks'));
    const names: string[] = [];
    const socks = createServer((client) => {
      // RFC 1928: greeting, no authentication, CONNECT to a name.
      client.once('data', () => {
        client.write(Buffer.from([5, 0]));
        client.once('data', (request) => {
          names.push(request.subarray(5, -2).toString());
          client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          client.pipe(connect(origin.port, '127.0.0.1')).pipe(client);
        });
      });
    });
    await using proxy = await listen(socks);
    const environment = { ALL_PROXY: `socks5h://${proxy.origin}` };
    await using guard = await startGuard('*', { environment, lookup: unresolvable });
    const response = await get(guard, 'http://example.com/');
    expect(await text(response)).toBe('by socks');
    const { socket } = await dig(guard, 'example.com:443');
    socket.write('GET / HTTP/1.0\r\n\r\n');
    expect(await text(socket)).toContain('by socks');
    expect(names).toEqual(['example.com', 'example.com']);
  });

  test('a variable that holds no proxy is told in one sentence', async () => {
    const start = startGuard('*', { environment: { HTTPS_PROXY: 'gopher://x' } });
    await expect(start).rejects.toThrow(/^HTTPS_PROXY is not the address of a proxy; .*\.$/);
  });
});

describe('the real yt-dlp', () => {
  type Exit = { stdout: string; stderr: string; files: string[] };

  async function fetchWithYtdlp(guard: Guard, url: string): Promise<Exit> {
    const folder = await mkdtemp(join(tmpdir(), 'egress-'));
    const environment = proxyEnvironment(guard.url);
    const flags = [
      '--ignore-config',
      '--no-cache-dir',
      '--retries',
      '1',
      '--fragment-retries',
      '0',
    ];
    const ytdlp = process.env['YTDLP_PATH'] || 'yt-dlp';
    try {
      const output = await new Promise<Omit<Exit, 'files'>>((resolve) => {
        execFile(
          ytdlp,
          [...flags, '--hls-prefer-native', '--', url],
          { cwd: folder, env: { ...environment, PATH: process.env['PATH'], HOME: folder } },
          (_, stdout, stderr) => resolve({ stdout, stderr }),
        );
      });
      return { ...output, files: await readdir(folder) };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  /** A site on an opened port, whose `/go` redirects, and a service of ours that must see nobody. */
  async function listenTrap(scheme: string, path: string) {
    const secret = await listen(createServer((socket) => void socket.end('220 secret\r\n')));
    const site = await listenHttp((request, response) => {
      if (request.url === '/list.m3u8') {
        const list = `#EXTM3U\n#EXTINF:9,\n${scheme}://${secret.origin}${path}\n#EXT-X-ENDLIST\n`;
        response.setHeader('Content-Type', 'application/vnd.apple.mpegurl').end(list);
      } else if (request.url === '/clip.mp3') {
        response.setHeader('Content-Type', 'audio/mpeg').end(Buffer.alloc(4096, 'sound'));
      } else {
        response.writeHead(302, { Location: `${scheme}://${secret.origin}${path}` }).end();
      }
    });
    return {
      secret,
      site,
      async [Symbol.asyncDispose]() {
        await Promise.all([site, secret].map((each) => each[Symbol.asyncDispose]()));
      },
    };
  }

  test('downloads from an allowed site through the guard', async () => {
    await using trap = await listenTrap('http', '/');
    await using guard = await startGuard(trap.site.origin);
    const { files, stderr } = await fetchWithYtdlp(guard, `http://${trap.site.origin}/clip.mp3`);
    expect({ files, stderr }).toMatchObject({ files: [expect.stringMatching(/\.mp3$/)] });
    expect(guard.refusedCount()).toBe(0);
  }, 60_000);

  test.each([
    ['a redirect to a private address', 'http', '/go'],
    ['a redirect of the tunnelled kind', 'https', '/go'],
    ['a playlist with private parts', 'http', '/list.m3u8'],
  ])(
    'is not led to our own services by %s',
    async (_, scheme, path) => {
      await using trap = await listenTrap(scheme, '/x.mp3');
      await using guard = await startGuard(trap.site.origin);
      const { stdout, stderr } = await fetchWithYtdlp(guard, `http://${trap.site.origin}${path}`);
      expect(stderr + stdout).toContain('Blocked by egress guard');
      expect(guard.refusedCount()).toBeGreaterThan(0);
      expect(trap.secret.visits()).toBe(0);
    },
    60_000,
  );

  // Python takes ftp for an ordinary scheme to be redirected to, and would go there directly.
  test('is not led to our own services by a redirect to ftp', async () => {
    await using trap = await listenTrap('ftp', '/x.mp3');
    await using guard = await startGuard(trap.site.origin);
    const { files, stderr } = await fetchWithYtdlp(guard, `http://${trap.site.origin}/go`);
    expect(stderr).toContain('ERROR: ');
    expect(files.filter((file) => file.endsWith('.mp3'))).toEqual([]);
    expect(trap.secret.visits()).toBe(0);
  }, 60_000);

  test('says by itself why the guard refused', async () => {
    await using guard = await startGuard('*');
    const { stderr } = await fetchWithYtdlp(guard, 'https://169.254.169.254/latest/meta-data/');
    expect(stderr).toContain(
      'Tunnel connection failed: 403 Blocked by egress guard: private address',
    );
  }, 60_000);
});
