// Figures and jobs in words, in the language of the page.

import { computed } from '@preact/signals';
import { region, t } from '../texts/texts.ts';
import { type Job } from './jobs.ts';

const formats = computed(() => ({
  percent: new Intl.NumberFormat(region.value, { style: 'percent' }),
  one: new Intl.NumberFormat(region.value, { maximumFractionDigits: 1 }),
  whole: new Intl.NumberFormat(region.value, { maximumFractionDigits: 0 }),
  time: new Intl.DateTimeFormat(region.value, { hour: '2-digit', minute: '2-digit' }),
  exactTime: new Intl.DateTimeFormat(region.value, { timeStyle: 'medium' }),
  instant: new Intl.DateTimeFormat(region.value, { dateStyle: 'medium', timeStyle: 'short' }),
}));

/** What people call the job: its title, else what tells it from others. */
export function titleOf({ source, sourceUrl }: Pick<Job, 'source' | 'sourceUrl'>): string {
  return source?.title ?? shortAddress(sourceUrl);
}

function shortAddress(address: string): string {
  const url = URL.parse(address);
  if (url === null) return t().job.untitled;
  // Short enough that what differs is in sight on a phone.
  const youtubeId = url.host === 'www.youtube.com' ? url.searchParams.get('v') : null;
  if (youtubeId !== null) return `youtu.be/${youtubeId}`;
  return `${url.host.replace(/^www\./u, '')}${url.pathname}${url.search}`.replace(/\/$/u, '');
}

/** `42 %`; `fraction` from 0 to 1, cut so that 100 % means done. */
export const percent = (fraction: number): string =>
  formats.value.percent.format(Math.floor(fraction * 100) / 100);

/** `14:03`. */
export const clockTime = (instant: string): string => formats.value.time.format(new Date(instant));

/** `14:03:27`. */
export const exactTime = (instant: string | number): string =>
  formats.value.exactTime.format(new Date(instant));

/** `22 Nov 2026, 14:03`. */
export const dateAndTime = (instant: string): string =>
  formats.value.instant.format(new Date(instant));

export const wholeNumber = (value: number): string => formats.value.whole.format(value);

/** `5.3 MB`. */
export function size(bytes: number): string {
  const units = ['kB', 'MB', 'GB'];
  const power = Math.min(Math.max(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 1), 3);
  const value = bytes / 1000 ** power;
  const { one, whole } = formats.value;
  return `${(value < 100 && power > 1 ? one : whole).format(value)} ${units[power - 1]}`;
}

/** `3:45` or `1:02:07`. */
export function trackTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  const tail = `${hours > 0 ? String(minutes).padStart(2, '0') : minutes}:${String(rest).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}

/** A stretch of time with the two units that matter: `12 s`, `4 min 10 s`, `23 h 12 min`, `6 d 4 h`. */
export function stretch(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const [units, bigger]: [number, readonly [string, string]] =
    whole < 3600
      ? [60, ['min', 's']]
      : whole < 86_400
        ? [3600, ['h', 'min']]
        : [86_400, ['d', 'h']];
  const smallerSeconds = { 60: 1, 3600: 60, 86_400: 3600 }[units] ?? 1;
  const rest = Math.floor((whole % units) / smallerSeconds);
  const head = `${Math.floor(whole / units)} ${bigger[0]}`;
  return rest === 0 ? head : `${head} ${rest} ${bigger[1]}`;
}

/** The same for short measured times: `40 ms`, `0.4 s`. */
export function preciseStretch(seconds: number): string {
  if (seconds < 0.1) return `${Math.round(seconds * 1000)} ms`;
  return seconds < 10 ? `${formats.value.one.format(seconds)} s` : stretch(seconds);
}
