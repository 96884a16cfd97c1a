// The API explorer in a real browser against a real server: the ready tabs work as they stand, and
// nothing comes from another host. What the operations answer in detail is tested without a browser.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startApp } from '../support/app.ts';
import { launchBrowser, noteFaults } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { startYouTube } from '../support/youtube/server.ts';
import { video } from '../support/youtube/video.ts';

type Frame = { isFinal: boolean; job: { status: string; version: number } };

let app: Awaited<ReturnType<typeof startApp>>;
let browser: Browser;
let page: Page;
let faults: string[];
/** Monaco still loads its workers when a test is done, or loads the page anew. */
const interrupted = /^failed: \S+\.worker-\S+ net::ERR_ABORTED$/;

const stack = new AsyncDisposableStack();
beforeAll(async () => {
  // The Request tab asks for this one, as it stands.
  const demo = video({ id: 'aqz-KE-bpKQ', title: 'Big Buck Bunny', durationSeconds: 60 });
  const youtube = stack.use(await startYouTube({ videos: [demo] }));
  app = stack.use(await startApp({ settings: { ...youtube.environment } }));
  browser = stack.adopt(await launchBrowser(), (opened) => opened.close());
});
afterAll(() => stack.disposeAsync());

beforeEach(async () => {
  // Tall, because Monaco puts only the visible lines into the page.
  page = await browser.newPage({ viewport: { width: 1440, height: 1400 } });
  faults = noteFaults(page, app.url);
  const response = await page.goto(`${app.url}/graphiql`);
  if (response?.status() !== 200) throw new Error(`/graphiql: ${await response?.text()}`);
  await explorerIsReady();
});

afterEach(async () => {
  const seen = faults.filter((fault) => !interrupted.test(fault));
  await page.close();
  if (seen.length > 0) throw new Error(`The page is not clean:\n${seen.join('\n')}`);
});

test('a first visit finds ready tabs: Request, Watch, Cancel, History, Queue', async () => {
  expect(await page.title()).toBe('Tapedeck API');
  expect(await tabTitles()).toEqual(['Request', 'Watch', 'Cancel', 'History', 'Queue']);
});

test('Request returns a job, and Watch streams that job until it is done, unchanged', async () => {
  const frames = watchFrames();
  await play();
  expect(await answer('"outcome"')).toMatch(/"outcome": "(CREATED|JOINED|REUSED)"/);
  await openTab('Watch');
  await play();
  const last = await answer('"isFinal": true');

  expect(last).toContain('"status": "SUCCEEDED"');
  const versions = frames.map(({ job }) => job.version);
  expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
  expect(frames.filter(({ isFinal }) => isFinal)).toHaveLength(1);
});

test('the address of a finished MP3 is a link that opens the file', async () => {
  await play();
  await answer('"outcome"');
  await openTab('Watch');
  await play();
  await answer('"isFinal": true');
  // The second is its name while the key is down and the pointer there.
  const link = page.locator('.result-window :is(.detected-link, .detected-link-active)').first();
  const asked: string[] = [];
  page.context().on('request', (request) => asked.push(request.url()));
  const download = await eventually('a request for the file', async () => {
    // Monaco follows what it has found to be a link by then, which a busy machine does later.
    await link.click({ modifiers: ['ControlOrMeta'], timeout: 5_000 });
    return asked.find((url) => url.includes('/files/'));
  });
  expect(new URL(download).origin).toBe(new URL(app.url).origin);
});

test('Watch before any request says what to do instead of asking the server', async () => {
  await openTab('Watch');
  await play();
  expect(await answer('"message"')).toContain('run the Request tab first');
});

test.each([
  ['Cancel', /"(id|code)": "/],
  ['History', /"totalCount": \d/],
  ['Queue', /"workerSlots": \d/],
])('%s answers as it stands', async (title, expected) => {
  await play();
  await answer('"outcome"');
  await openTab(title);
  await play();
  const text = await answer('"data"');
  expect(text).toMatch(expected);
  expect(text).not.toContain('"errors"');
});

test('play pressed at once after a change of tab runs the tab that is open', async () => {
  await page.evaluate(() => {
    document.querySelector<HTMLElement>('.graphiql-tab [title="Queue"]')?.click();
    document.querySelector<HTMLElement>('.graphiql-execute-button')?.click();
  });
  expect(await answer('"')).toContain('"queueStats"');
});

test("a person's own edit survives a reload", async () => {
  await page.locator('.graphiql-query-editor .monaco-editor').first().click();
  await page.keyboard.press('ControlOrMeta+Home');
  await page.keyboard.type('# Mine\n');
  await eventually('GraphiQL to store the edit', () =>
    page.evaluate(() => {
      // As JSON has it: typing is slow at times, and half of it is stored before the rest.
      return localStorage.getItem('graphiql:tabState')?.includes('# Mine\\n') ?? false;
    }),
  );
  await page.reload();
  await explorerIsReady();

  expect(await tabTitles()).toEqual(['Request', 'Watch', 'Cancel', 'History', 'Queue']);
  expect(await editorText('operation.graphql')).toMatch(/^# Mine\n# 1\. /);
  expect(await editorText('variables.json')).toContain('"url"');
});

test('a reload before GraphiQL has stored the editor beside the tabs opens no tab more', async () => {
  await page.addInitScript(() => localStorage.setItem('graphiql:query', '# what was there before'));
  await page.reload();
  await explorerIsReady();

  expect(await tabTitles()).toEqual(['Request', 'Watch', 'Cancel', 'History', 'Queue']);
  expect(await editorText('operation.graphql')).toMatch(/^# 1\. /);
});

test("the documentation shows the schema's own descriptions", async () => {
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByRole('link', { name: 'Mutation' }).click();
  const description = page.getByText('An accepted request is durable');
  expect(await description.textContent()).toContain('it survives any restart');
});

test('the page may load from its own server alone, and may not be framed', async () => {
  const response = await fetch(`${app.url}/graphiql/`);
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/\*|https?:|wss?:|unsafe-eval|script-src[^;]*unsafe/);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('cache-control')).toBe('no-cache');
});

async function explorerIsReady(): Promise<void> {
  await page.getByRole('button', { name: 'Execute query' }).waitFor();
  await eventually('the first tab to be in the editor', async () =>
    (await editorText('operation.graphql')).includes('Request'),
  );
}

async function tabTitles(): Promise<string[]> {
  const titles = await page.getByRole('tab').getByRole('button').all();
  const names = await Promise.all(titles.map((button) => button.getAttribute('title')));
  return names.filter((name) => name !== null);
}

async function openTab(title: string): Promise<void> {
  await page.getByRole('tab', { name: title }).getByTitle(title, { exact: true }).click();
}

async function play(): Promise<void> {
  await page.getByRole('button', { name: 'Execute query' }).click();
}

/** What the answer window holds, once it holds `part`. */
function answer(part: string): Promise<string> {
  return eventually(
    `the answer to hold ${part}`,
    async () => {
      const text = await editorText('response.json');
      return text.includes(part) ? text : undefined;
    },
    { timeoutMs: 60_000 },
  );
}

/** The text of one of GraphiQL's editors, by the name of its file, through the Monaco it publishes. */
function editorText(name: string): Promise<string> {
  return page.evaluate((file) => {
    type Model = { uri: { path: string }; getValue(): string };
    const { __MONACO: monaco } = globalThis as unknown as {
      __MONACO?: { editor: { getModels(): Model[] } };
    };
    const models = monaco?.editor.getModels() ?? [];
    return models.find(({ uri }) => uri.path.endsWith(file))?.getValue() ?? '';
  }, name);
}

/** Fills up with what comes over the page's sockets for the subscription `job`. */
function watchFrames(): Frame[] {
  const frames: Frame[] = [];
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => {
      const message = JSON.parse(payload.toString()) as { payload?: { data?: { job?: Frame } } };
      if (message.payload?.data?.job) frames.push(message.payload.data.job);
    });
  });
  return frames;
}
