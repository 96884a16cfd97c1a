// Tells what became of one's own jobs to those who do not look at the list: in a quiet live region for
// readers of screens, and by a notification of the system when that is wanted and the page is not shown.

import { signal } from '@preact/signals';
import { t } from '../texts/texts.ts';
import { jobSignal, onJobChange, type Job } from './jobs.ts';
import { isMine } from './mine.ts';
import { notify, startNotifications } from './notifications.ts';
import { togglePlay, track } from './player.ts';
import { titleOf } from './words.ts';

/** What the live region says. */
export const spoken = signal('');
/** Enough to be read out; what came meanwhile is said in one go. */
const quietMs = 1_500;

let waiting: string[] = [];

export function startNews(): void {
  onJobChange((job, before) => {
    if (!isMine(job.id)) return;
    const sentence = sentenceFor(job, before);
    if (sentence !== null) speak(sentence);
    const isEnd = before !== undefined && !before.isTerminal && job.isTerminal;
    if (isEnd && job.status !== 'CANCELED') tellSystem(job);
  });
  startNotifications(takeClick);
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

function tellSystem(job: Job): void {
  if (document.visibilityState === 'visible') return;
  const isReady = job.status === 'SUCCEEDED';
  const body = isReady ? t().notify.ready : `${t().notify.failed}: ${failureSentence(job)}`;
  // The browser may take its permission back at any time.
  notify(job.id, titleOf(job), body).catch(() => {});
}

/** Who clicks a notification wants to hear it. */
function takeClick(jobId: string): void {
  const job = jobSignal(jobId)?.peek();
  if (job?.status === 'SUCCEEDED' && track.peek()?.id !== jobId) togglePlay(job);
}
