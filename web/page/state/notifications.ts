// Notifications of the system. They go through a service worker (public/notify.js), since phones take them
// from nowhere else. When there is something to tell, news.ts knows.

import { signal } from '@preact/signals';
import { t } from '../texts/texts.ts';
import { recall, remember } from './memory.ts';
import { say } from './notices.ts';

/** `impossible`: a browser without them, or a page that is not served over HTTPS. */
export const notifying = signal<'on' | 'off' | 'impossible'>(
  !('Notification' in globalThis && 'serviceWorker' in navigator)
    ? 'impossible'
    : recall('notify') === 'on' && Notification.permission === 'granted'
      ? 'on'
      : 'off',
);

const workerUrl = '/notify.js';

/** TypeScript's DOM does not know them yet. */
type TrustedTypes = {
  createPolicy(name: string, rules: object): { createScriptURL(url: string): string };
};

/** `onClick` is told which job's notification was clicked. */
export function startNotifications(onClick: (jobId: string) => void): void {
  if (notifying.peek() === 'impossible') return;
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const { jobId } = (data ?? {}) as { jobId?: unknown };
    if (typeof jobId === 'string') onClick(jobId);
  });
  if (notifying.peek() === 'on') void register();
}

/** Turns notifications on, asking the browser first, or off. */
export async function toggleNotifying(): Promise<void> {
  if (notifying.peek() === 'on') {
    notifying.value = 'off';
  } else {
    const isGranted = (await Notification.requestPermission()) === 'granted';
    if (isGranted && (await register()) !== null) notifying.value = 'on';
    else say(t().notify.denied, { isBad: true });
  }
  remember('notify', notifying.peek());
}

/** Shows one for the job, in the place of an earlier one for it. */
export async function notify(jobId: string, title: string, body: string): Promise<void> {
  if (notifying.peek() !== 'on') return;
  const registration = await register();
  await registration?.showNotification(title, { body, tag: jobId, icon: '/icons/icon-192.png' });
}

/** Null where the browser refuses; asking again is cheap. */
async function register(): Promise<ServiceWorkerRegistration | null> {
  try {
    await navigator.serviceWorker.register(trusted(workerUrl));
    return await navigator.serviceWorker.ready;
  } catch {
    return null;
  }
}

let policy: ReturnType<TrustedTypes['createPolicy']> | undefined;

/** The Content-Security-Policy lets no other address become a script. */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  policy ??= trustedTypes?.createPolicy('notifications', { createScriptURL: () => workerUrl });
  return policy?.createScriptURL(url) ?? url;
}
