// The README holds: what it shows is taken from it word for word and run, as a reader would, against a Tapedeck
// that has just been started. Only the port is another: 4000 may be in use where tests run.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadConfig } from '../../src/config.ts';
import { awaitEnd, requestMp3 } from '../support/caller.ts';
import { openFolder } from '../support/folder.ts';
import { ask, readAll, watch } from '../support/graphql.ts';
import { startTapedeck } from '../support/tapedeck.ts';
import type { Tapedeck } from '../support/tapedeck.ts';
import { startYouTube } from '../support/youtube/server.ts';
import { video } from '../support/youtube/video.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

const bunny = video({ id: 'aqz-KE-bpKQ', title: 'Big Buck Bunny', uploader: 'Blender' });
const other = video({ id: 'another0001' });

const stack = new AsyncDisposableStack();
let readme: string;
let tapedeck: Tapedeck;
beforeAll(async () => {
  readme = await readFile(`${root}README.md`, 'utf8');
  const dataFolder = stack.use(await openFolder()).path;
  const youtube = stack.use(await startYouTube({ videos: [bunny, other] }));
  tapedeck = stack.use(await startTapedeck({ dataFolder, settings: { ...youtube.environment } }));
});
afterAll(() => stack.disposeAsync());

function find(what: string, pattern: RegExp): string {
  const text = pattern.exec(readme)?.[1];
  if (text === undefined) throw new Error(`README.md does not hold ${what}: it is not ${pattern}`);
  return text;
}

/** The GraphQL below the mark `<!-- example: name -->`. */
const example = (name: string): string =>
  find(name, new RegExp(`<!-- example: ${name} -->\n\`\`\`graphql\n(.*?)\`\`\``, 's'));

const withOurPort = (text: string): string =>
  text.replaceAll('127.0.0.1:4000', new URL(tapedeck.url).host);

test('it names the address on which an untouched Tapedeck listens', async () => {
  const { host, port } = loadConfig({}, { isTerminal: true });
  const address = find('the explorer', /<(http:\/\/\S+\/graphiql)>/);
  expect(address).toBe(`http://${host}:${port}/graphiql`);

  const page = await fetch(withOurPort(address));
  const html = await page.text();
  expect({ status: page.status, html }).toEqual({
    status: 200,
    html: expect.stringContaining('<script'),
  });
});

test('its first lines ask for an MP3', async () => {
  const first = find('a first example', /```graphql\n(.*?)```/s);
  expect(await ask(tapedeck.url, first)).toEqual({
    requestMp3: { job: { id: expect.any(String) } },
  });
});

describe('the examples, one after the other:', () => {
  let jobId: string;

  test('request', async () => {
    const url = `https://www.youtube.com/watch?v=${bunny.id}`;
    const { requestMp3: answer } = await ask(tapedeck.url, example('request'), { url });
    expect(answer).toMatchObject({
      outcome: expect.stringMatching(/^(?:CREATED|JOINED|REUSED)$/),
      job: { id: expect.any(String), status: expect.any(String) },
      userErrors: [],
    });
    jobId = answer.job.id;
  });

  test('watch', async () => {
    await using stream = watch(tapedeck.url, example('watch'), { id: jobId });
    expect((await readAll(stream)).at(-1)).toEqual({
      isFinal: true,
      job: {
        version: expect.any(Number),
        status: 'SUCCEEDED',
        progress: { phase: null, fraction: 1, etaSeconds: null },
        failure: null,
        result: {
          url: expect.stringMatching(/^\/files\//),
          fileName: 'Blender - Big Buck Bunny.mp3',
          sizeBytes: expect.any(Number),
        },
      },
    });
  });

  test('history', async () => {
    const { jobs } = await ask(tapedeck.url, example('history'));
    expect(jobs).toEqual({
      nodes: [
        {
          source: { title: 'Big Buck Bunny', uploader: 'Blender' },
          result: { url: expect.any(String), expiresAt: expect.any(String) },
        },
      ],
      pageInfo: { hasNextPage: false, endCursor: expect.any(String) },
    });
  });
});

test('the line for curl asks for an MP3', async () => {
  const command = withOurPort(find('a line for curl', /```sh\n(curl .*?)```/s));
  expect(JSON.parse(await sendAsCurl(command))).toEqual({
    data: {
      requestMp3: {
        outcome: expect.any(String),
        job: { id: expect.any(String), status: expect.any(String) },
        userErrors: [],
      },
    },
  });
});

/** By curl itself, or, where it is missing or older than --json (7.82), as it would. */
async function sendAsCurl(command: string): Promise<string> {
  try {
    return (await run('sh', ['-c', command])).stdout;
  } catch (error) {
    const { code } = error as { code: number };
    if (code !== 127 && code !== 2) throw error;
  }
  const [, url = '', body = ''] = /^curl (\S+) --json '(.*?)'/s.exec(command) ?? [];
  const json = 'application/json';
  const headers = { 'content-type': json, accept: json };
  const response = await fetch(url, { method: 'POST', headers, body });
  return response.text();
}

test('the lines for JavaScript follow a job to its end, and the program ends by itself', async () => {
  other.hold();
  const { job } = await requestMp3(tapedeck.url, `https://youtu.be/${other.id}`);
  const snippet = withOurPort(find('lines for JavaScript', /```js\n(.*?)```/s));
  const given = `const watch = ${JSON.stringify(example('watch'))}, id = '${job.id}';\n`;
  const program = ['--input-type=module', '--eval', given + snippet];
  const running = run(process.execPath, program, { cwd: root, timeout: 30_000 });
  running.child.stdout?.once('data', () => other.release());
  const { stdout } = await running;
  const lines = stdout.trimEnd().split('\n');
  expect(lines.at(-1)).toBe('SUCCEEDED 1');
  expect(lines[0]).toMatch(/^(?:QUEUED|RUNNING) \d/);
  expect(await awaitEnd(tapedeck.url, job.id)).toMatchObject({ status: 'SUCCEEDED' });
});
