// Starts the Chromium that this machine has, and notes what a page does that no page of ours may.
// It downloads no browser: scripts/setup.mjs or the reader provides one.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const FLAGS = [
  // Tests run as root in containers, where Chromium's sandbox cannot start.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  // Chromium's own traffic, and names of any other host: what a page loads from elsewhere must fail.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/** A headless Chromium from PATH. `await using` closes it. Throws one sentence when there is none. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = chromiumOnPath();
  if (executablePath === undefined) {
    throw new Error(
      `No browser on PATH (${NAMES.join(', ')}): install one, on Debian "apt-get install chromium".`,
    );
  }
  return chromium.launch({ executablePath, args: FLAGS });
}

function chromiumOnPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Watches a page from now on and returns a list that grows with each fault: a request or socket to
 * another origin, a request that failed or was refused, an error or warning on the console (a breach
 * of the Content-Security-Policy is one), an exception that nobody caught.
 */
export function noteFaults(page: Page, origin: string): string[] {
  const faults: string[] = [];
  const { host } = new URL(origin);
  const checkHost = (url: string) => {
    const target = new URL(url);
    if (target.protocol === 'data:' || target.protocol === 'blob:') return;
    if (target.host !== host) faults.push(`request to another host: ${url}`);
  };
  page.on('request', (request) => checkHost(request.url()));
  page.on('websocket', (socket) => checkHost(socket.url()));
  page.on('requestfailed', (request) => {
    faults.push(`failed: ${request.url()} ${request.failure()?.errorText ?? ''}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.status()}: ${response.url()}`);
  });
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    faults.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.stack ?? error.message}`));
  return faults;
}
