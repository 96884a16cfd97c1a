// Tells what became of one's own jobs to those who do not look at the list: in a quiet live region for
// readers of screens, and by a notification of the system when that is wanted and the page is not shown.

import { signal } from '@preact/signals';
import { t } from '../texts/texts.ts';
import { jobSignal, onJobChange, type Job } from './jobs.ts';
import { recall, remember } from './memory.ts';
import { isMine } from './mine.ts';
import { say } from './notices.ts';
import { togglePlay } from './player.ts';
import { titleOf } from './words.ts';

/** What the live region says. */
export const spoken = signal('');
/** Whether the system may tell; `impossible` where it has no notifications for pages. */
export const notifying = signal<'on' | 'off' | 'impossible'>(
  !('Notification' in globalThis)
    ? 'impossible'
    : recall('notify') === 'on' && Notification.permission === 'granted'
      ? 'on'
      : 'off',
);

/** Enough to be read out; what came meanwhile is said in one go. */
const quietMs = 1_500;

let waiting: string[] = [];

export function startNews(): void {
  onJobChange((job, before) => {
    if (!isMine(job.id)) return;
    const sentence = sentenceFor(job, before);
    if (sentence !== null) speak(sentence);
    const isEnd = before !== undefined && !before.isTerminal && job.isTerminal;
    if (isEnd && job.status !== 'CANCELED') notify(job);
  });
}

/** Turns notifications on, asking the browser first, or off. */
export async function toggleNotifying(): Promise<void> {
  if (notifying.peek() === 'on') {
    notifying.value = 'off';
  } else {
    const answer = await Notification.requestPermission();
    if (answer === 'granted') notifying.value = 'on';
    else say(t().notify.denied, { isBad: true });
  }
  remember('notify', notifying.peek());
}

function sentenceFor(job: Job, before: Job | undefined): string | null {
  const title = titleOf(job);
  const { announce } = t();
  if (job.status !== before?.status) {
    if (job.status === 'QUEUED') return announce.queued(title);
    if (job.status === 'SUCCEEDED' && before !== undefined) return announce.ready(title);
    if (job.status === 'FAILED' && before !== undefined) {
      return announce.failed(title, failureSentence(job));
    }
  }
  const isHalf = (progress: Job['progress'] | undefined) => (progress?.fraction ?? 0) >= 0.5;
  const isHalfNow = job.status === 'RUNNING' && isHalf(job.progress) && before !== undefined;
  return isHalfNow && !isHalf(before?.progress) ? announce.half(title) : null;
}

/** The server's sentence for why the job failed, in the language of the page where that has one. */
export function failureSentence({ failure }: Pick<Job, 'failure'>): string {
  return failure === null ? '' : (t().failures[failure.code] ?? failure.message);
}

function speak(sentence: string): void {
  waiting.push(sentence);
  if (waiting.length > 1) return;
  setTimeout(() => {
    spoken.value = waiting.join(' ');
    waiting = [];
  }, quietMs);
}

function notify(job: Job): void {
  if (notifying.peek() !== 'on' || document.visibilityState === 'visible') return;
  const isReady = job.status === 'SUCCEEDED';
  try {
    const notification = new Notification(titleOf(job), {
      body: isReady ? t().notify.ready : `${t().notify.failed}: ${failureSentence(job)}`,
      tag: job.id,
    });
    notification.addEventListener('click', () => {
      window.focus();
      const latest = jobSignal(job.id)?.peek();
      if (isReady && latest !== undefined) togglePlay(latest);
      notification.close();
    });
  } catch {
    // Chrome on Android has the name, and allows it to service workers only.
    notifying.value = 'impossible';
  }
}
