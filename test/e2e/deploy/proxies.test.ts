// The configurations of deploy/ as nginx and Caddy run them: in front of a real Tapedeck, over TLS, by a user
// without privileges. Only ports and certificates are put in the place of an operator's.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, request as requestHttp } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import { request } from 'node:https';
import { connect, createServer as createSocketServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import { startApp } from '../../support/app.ts';
import type { TestApp } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';
import { openFolder } from '../../support/folder.ts';
import type { Folder } from '../../support/folder.ts';
import { runJob, succeedJob } from '../../support/jobStates.ts';
import { makeCertificates } from '../../support/youtube/certificates.ts';

const host = 'music.example';
const nobody = 65_534;

type Ports = { readonly plain: number; readonly tls: number; readonly upstream: number };

/** Replaces all, and fails when there is nothing to: the file has changed, and this test with it. */
function adapt(text: string, changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((adapted, [from, to]) => {
    if (!adapted.includes(from)) throw new Error(`the configuration has no "${from}" any more`);
    return adapted.replaceAll(from, to);
  }, text);
}

async function readConfiguration(path: string): Promise<string> {
  return await readFile(new URL(`../../../deploy/${path}`, import.meta.url), 'utf8');
}

async function startNginx({ path, file }: Folder, { plain, tls, upstream }: Ports) {
  const site = adapt(await readConfiguration('nginx/tapedeck.conf'), [
    ['127.0.0.1:4000', `127.0.0.1:${upstream}`],
    ['listen 80;', `listen 127.0.0.1:${plain};`],
    ['listen [::]:80;', ''],
    ['listen 443 ssl http2;', `listen 127.0.0.1:${tls} ssl http2;`],
    ['listen [::]:443 ssl http2;', ''],
    ['/etc/letsencrypt/live/music.example/fullchain.pem', file('hosts.pem')],
    ['/etc/letsencrypt/live/music.example/privkey.pem', file('hosts.key')],
    ['/var/log/nginx/tapedeck.log', file('access.log')],
  ]);
  await writeFile(file('tapedeck.conf'), site);
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  await writeFile(
    file('nginx.conf'),
    `daemon off; pid ${file('nginx.pid')}; worker_processes 1; events {}
     http { access_log off; ${folders.map((name) => `${name}_temp_path ${file(name)};`).join(' ')} include ${file('tapedeck.conf')}; }`,
  );
  const args = ['-p', path, '-c', file('nginx.conf'), '-e', file('error.log')];
  return spawn('nginx', args, options(path));
}

async function startCaddy({ path, file }: Folder, { plain, tls, upstream }: Ports) {
  const site = adapt(await readConfiguration('caddy/Caddyfile'), [
    ['127.0.0.1:4000', `127.0.0.1:${upstream}`],
    [
      'music.example {',
      `music.example {\n\tbind 127.0.0.1\n\ttls ${file('hosts.pem')} ${file('hosts.key')}`,
    ],
  ]);
  const settings = `{\n\tadmin off\n\thttp_port ${plain}\n\thttps_port ${tls}\n}\n`;
  await writeFile(file('Caddyfile'), settings + site);
  const args = ['run', '--config', file('Caddyfile'), '--adapter', 'caddyfile'];
  return spawn('caddy', args, options(path));
}

function options(cwd: string) {
  const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  const env = { PATH: process.env['PATH'], HOME: cwd, XDG_DATA_HOME: cwd, XDG_CONFIG_HOME: cwd };
  return { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'], ...user };
}

async function freePort(): Promise<number> {
  const server = createSocketServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

type Proxy = AsyncDisposable & {
  readonly tls: number;
  readonly plain: number;
  readonly log: () => string;
};

/** `start` runs as nobody, who owns the folder. */
async function startProxy(
  start: (folder: Folder, ports: Ports) => Promise<ChildProcess>,
  folder: Folder,
  upstream: number,
): Promise<Proxy> {
  const [plain, tls] = [await freePort(), await freePort()];
  const child = await start(folder, { plain, tls, upstream });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  }
  const exited = once(child, 'exit');
  await eventually('the proxy to listen', async () => {
    if (child.exitCode !== null) throw new Error(`it ended:\n${log}`);
    const socket = connect(tls, '127.0.0.1');
    await once(socket, 'connect').finally(() => socket.destroy());
    return true;
  });
  return {
    ...{ tls, plain, log: () => log },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};
type Asked = { readonly method?: string; readonly headers?: object; readonly body?: string };

let ca: Buffer;
/** Names resolve to this machine. */
const here = {
  lookup: ((_name: string, _options: object, answer: (...args: unknown[]) => void) =>
    answer(null, [{ address: '127.0.0.1', family: 4 }])) as never,
};

async function ask(tls: number, path: string, { body, ...asked }: Asked = {}): Promise<Answer> {
  const sent = request({ host, port: tls, path, ca, agent: false, ...here, ...(asked as object) });
  sent.end(body);
  const [response] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

const stack = new AsyncDisposableStack();
const content = randomBytes(300_000);
let app: TestApp;
let folder: Folder;
beforeAll(async () => {
  folder = stack.use(await openFolder());
  const { caFile } = await makeCertificates(folder, [host]);
  ca = await readFile(caFile);
  await chmod(folder.path, 0o755);
  await chmod(folder.file('hosts.key'), 0o644);
  app = stack.use(
    await startApp({
      settings: {
        ROLES: 'api',
        OPEN_TO_NETWORK: 'true',
        TRUSTED_PROXIES: '127.0.0.1',
      },
    }),
  );
});
afterAll(() => stack.disposeAsync());

describe.each([
  ['nginx', startNginx],
  ['caddy', startCaddy],
] as const)('%s', (name, start) => {
  const own = new AsyncDisposableStack();
  let proxy: Proxy;
  let echo: Proxy;
  let echoing: Server;
  beforeAll(async () => {
    echoing = createServer(({ headers }, response) => response.end(JSON.stringify(headers)));
    echoing.listen(0, '127.0.0.1');
    await once(echoing, 'listening');
    const workplaces = ['proxy', 'echo'].map((part) => folder.file(`${name}-${part}`));
    const places = await Promise.all(
      workplaces.map(async (path): Promise<Folder> => {
        await mkdir(path);
        const file = (each: string) =>
          each.startsWith('hosts.') ? folder.file(each) : `${path}/${each}`;
        if (process.getuid?.() === 0) await chown(path, nobody, nobody);
        return { path, file, [Symbol.asyncDispose]: async () => {} };
      }),
    );
    const upstreams = [Number(new URL(app.url).port), (echoing.address() as AddressInfo).port];
    [proxy, echo] = (await Promise.all(
      places.map(async (place, index) => {
        return own.use(await startProxy(start, place, upstreams[index] ?? 0));
      }),
    )) as [Proxy, Proxy];
  });
  afterAll(async () => {
    await own.disposeAsync();
    echoing.closeAllConnections();
    echoing.close();
  });

  test('sends plain requests to TLS', async () => {
    const sent = requestHttp({
      host,
      port: proxy.plain,
      path: '/queue?a=b',
      agent: false,
      ...here,
    });
    sent.end();
    const [response] = await once(sent, 'response');
    response.resume();
    expect(response.statusCode).toBe(308);
    expect(response.headers.location).toMatch(/^https:\/\/music\.example(:\d+)?\/queue\?a=b$/);
  });

  test('passes the page and the API on, with HSTS and without a banner', async () => {
    const page = await ask(proxy.tls, '/', { headers: { accept: 'text/html' } });
    expect(page.status).toBe(200);
    expect(page.headers).toMatchObject({
      'strict-transport-security': 'max-age=63072000',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    });
    expect(page.headers['server'] ?? '').toMatch(/^(nginx)?$/);
    const { status, body } = await ask(proxy.tls, '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ queueStats { queued } }"}',
    });
    expect([status, JSON.parse(body.toString())]).toEqual([
      200,
      { data: { queueStats: { queued: 0 } } },
    ]);
  });

  test('streams a subscription, frame by frame, to pages of its own alone', async () => {
    const job = await runJob(app);
    const open = (origin: string) =>
      new WebSocket(`wss://${host}:${proxy.tls}/graphql`, 'graphql-transport-ws', {
        ...{ ca, origin },
        ...here,
      });
    const socket = open(`https://${host}:${proxy.tls}`);
    const messages: any[] = [];
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())));
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    const query = `subscription { job(id: "${job.id}") { isFinal job { status } } }`;
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
    const statuses = () => messages.flatMap(({ payload }) => payload?.data?.job.job.status ?? []);
    await eventually('the first frame', () => statuses().length === 1);
    await succeedJob(app, { job });
    await eventually('the end', () => messages.some(({ type }) => type === 'complete'));
    expect([statuses().at(0), statuses().at(-1)]).toEqual(['RUNNING', 'SUCCEEDED']);
    socket.close();
    await once(socket, 'close');

    const foreign = open('https://evil.example');
    foreign.on('error', () => {});
    const [sent, response] = await once(foreign, 'unexpected-response');
    expect(response.statusCode).toBe(403);
    sent.destroy();
  });

  test('serves a file whole and in part, with its validator', async () => {
    const { token } = await succeedJob(app, { content, metadata: { title: 'Söng' } });
    const path = `/files/${token}/any.mp3`;
    const whole = await ask(proxy.tls, path);
    expect(whole.body.equals(content)).toBe(true);
    expect(whole.headers['content-disposition']).toContain("filename*=UTF-8''S%C3%B6ng.mp3");
    const part = await ask(proxy.tls, path, { headers: { range: 'bytes=1000-1999' } });
    expect(part.status).toBe(206);
    expect(part.headers['content-range']).toBe(`bytes 1000-1999/${content.length}`);
    expect(part.body.equals(content.subarray(1_000, 2_000))).toBe(true);
    const again = await ask(proxy.tls, path, { headers: { 'if-none-match': whole.headers.etag } });
    expect(again.status).toBe(304);
  });

  test('says who the visitor is, whatever the visitor says', async () => {
    const { body } = await ask(echo.tls, '/', {
      headers: {
        'x-forwarded-for': '203.0.113.9',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'evil.example',
        forwarded: 'for=203.0.113.9;proto=http',
      },
    });
    const seen = JSON.parse(body.toString());
    expect(seen).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': `${host}:${echo.tls}`,
      host: `${host}:${echo.tls}`,
    });
    expect(seen).not.toHaveProperty('forwarded');
  });

  test('keeps what is for the operator, and what is too large', async () => {
    expect((await ask(proxy.tls, '/metrics')).status).toBe(404);
    expect((await ask(proxy.tls, '/readyz')).status).toBe(404);
    const { status } = await ask(proxy.tls, '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 200_000 },
      body: `{"query":"${'x'.repeat(199_988)}"}`,
    });
    expect(status).toBe(413);
  });
});
