// The tab itself: its title and its icon tell how far one's own jobs are, and what became of them.

import { computed, effect, signal } from '@preact/signals';
import { t } from '../texts/texts.ts';
import { jobSignal, onJobChange } from './jobs.ts';
import { isMine } from './mine.ts';
import { route } from './route.ts';
import { percent, titleOf } from './words.ts';

const activeIds = signal<ReadonlySet<string>>(new Set());
/** What ended while nobody looked. */
const unseen = signal<string | null>(null);

/** How far one's own active jobs are together, 0 to 1; null when there are none. */
const progressOfMine = computed(() => {
  const jobs = [...activeIds.value].flatMap((id) => jobSignal(id)?.value ?? []);
  if (jobs.length === 0) return null;
  const sum = jobs.reduce((total, { progress }) => total + (progress.fraction ?? 0), 0);
  return { fraction: sum / jobs.length, title: jobs.map(titleOf)[0] ?? '', count: jobs.length };
});

export function startTab(): void {
  onJobChange((job) => {
    if (!isMine(job.id) || activeIds.peek().has(job.id) === !job.isTerminal) return;
    const ids = new Set(activeIds.peek());
    if (job.isTerminal) ids.delete(job.id);
    else ids.add(job.id);
    activeIds.value = ids;
    const isNews = job.status === 'SUCCEEDED' || job.status === 'FAILED';
    if (isNews && document.visibilityState === 'hidden') {
      unseen.value = `${job.status === 'SUCCEEDED' ? '✓' : '✕'} ${titleOf(job)}`;
    }
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') unseen.value = null;
  });
  effect(() => {
    document.title = describe();
  });
  effect(() => {
    const fraction = progressOfMine.value?.fraction ?? null;
    const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    if (link === null) return;
    link.dataset['idle'] ??= link.href;
    link.href = fraction === null ? link.dataset['idle'] : ring(fraction);
  });
}

function describe(): string {
  const { page, queue, notFound } = t();
  const mine = progressOfMine.value;
  if (mine !== null) {
    const what = mine.count === 1 ? mine.title : `${mine.count} × MP3`;
    return `${percent(mine.fraction)} · ${what} · ${page.name}`;
  }
  if (unseen.value !== null) return `${unseen.value} · ${page.name}`;
  return {
    convert: page.title,
    queue: `${queue.title} · ${page.name}`,
    nowhere: `${notFound.title} · ${page.name}`,
  }[route.value];
}

/** A ring that closes, as an image of its own: drawn in steps of 2 %, so that it is not made too often. */
function ring(fraction: number): string {
  const around = 2 * Math.PI * 12;
  const done = (Math.round(fraction * 50) / 50) * around;
  const circle = `cx='16' cy='16' r='12' fill='none' stroke-width='7'`;
  return `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'>` +
      `<circle ${circle} stroke='#9a8f80' stroke-opacity='.45'/>` +
      `<circle ${circle} stroke='#e0531c' stroke-dasharray='${done} ${around}' transform='rotate(-90 16 16)'/></svg>`,
  )}`;
}
