// The one player: what it plays, where it is, and the keys of the system that steer it. What lies before
// and behind is the list as it is shown. A job that still runs is heard as far as it is made; to another place in it
// one comes when the file is there.

import { batch, computed, effect, signal } from '@preact/signals';
import { JobsByIdDocument } from '../api/documents.generated.ts';
import { send } from '../api/send.ts';
import { t } from '../texts/texts.ts';
import { playableIds } from './history.ts';
import { jobSignal, mergeJobs, onJobChange, type Job } from './jobs.ts';
import { recall, remember } from './memory.ts';
import { say } from './notices.ts';
import { titleOf } from './words.ts';

/** What is in the deck; null when it is empty. Kept as it was when it was put in, or when its file came. */
export const track = signal<Job | null>(null);
/** Whether one can go to another place in it: not while it is still being made. */
export const canSeek = computed(() => track.value?.result != null);
export const isPlaying = signal(false);
/** Seconds. */
export const position = signal(0);
export const duration = signal(0);
export const volume = signal(Number(recall('volume') ?? 1));

const seekStepSeconds = 10;
/** Later than that, "previous" means the beginning. */
const restartAfterSeconds = 3;

const audio = document.createElement('audio');
/** What plays comes as it is made, without a length and without places to go to. */
let isPreview = false;

/** Puts the player into the page. */
export function startPlayer(): void {
  document.body.append(audio);
  audio.addEventListener('play', () => (isPlaying.value = true));
  audio.addEventListener('pause', () => (isPlaying.value = false));
  audio.addEventListener('timeupdate', () => (position.value = audio.currentTime));
  audio.addEventListener('durationchange', () => {
    if (Number.isFinite(audio.duration)) duration.value = audio.duration;
  });
  audio.addEventListener('ended', () => step(1));
  audio.addEventListener('error', () => void takeError());
  effect(() => {
    audio.volume = volume.value;
  });
  for (const event of ['play', 'pause', 'seeked', 'durationchange']) {
    audio.addEventListener(event, tellPosition);
  }
  effect(tellTrack);
  onJobChange((job) => {
    const current = track.peek();
    // The sound goes on from where it comes; the next seek takes the file.
    if (current?.id === job.id && current.result === null && job.result !== null) track.value = job;
  });
  const { mediaSession } = navigator;
  mediaSession.setActionHandler('play', () => void audio.play());
  mediaSession.setActionHandler('pause', () => audio.pause());
  mediaSession.setActionHandler('previoustrack', () => step(-1));
  mediaSession.setActionHandler('nexttrack', () => step(1));
  mediaSession.setActionHandler('seekbackward', () => seek(audio.currentTime - seekStepSeconds));
  mediaSession.setActionHandler('seekforward', () => seek(audio.currentTime + seekStepSeconds));
  mediaSession.setActionHandler('seekto', ({ seekTime }) => seek(seekTime ?? 0));
}

/** Plays the job, or goes on with it, or pauses when it plays. */
export function togglePlay(job: Job): void {
  const { id, finishedAt } = track.peek() ?? {};
  // The same job, but not the same MP3, when it was converted again.
  if (id !== job.id || finishedAt !== job.finishedAt) return play(job);
  if (audio.paused) void audio.play().catch(() => {});
  else audio.pause();
}

/** The same for what is in the deck, or the first of the list. */
export function toggleTrack(): void {
  const current = track.peek() ?? jobSignal(playableIds.peek()[0] ?? '')?.peek();
  if (current !== undefined) togglePlay(current);
}

/** Plays the next finished job of the list (1), or the one before (-1). */
export function step(direction: 1 | -1): void {
  const id = track.peek()?.id;
  if (id === undefined) return;
  if (direction === -1 && audio.currentTime > restartAfterSeconds) return seek(0);
  const ids = playableIds.peek();
  const next = jobSignal(ids[ids.indexOf(id) + direction] ?? '')?.peek();
  if (next !== undefined && ids.includes(id)) play(next);
}

export function seek(seconds: number): void {
  const job = track.peek();
  if (job?.result == null) return;
  if (isPreview) load(job.result.url);
  audio.currentTime = Math.min(Math.max(seconds, 0), duration.peek());
  position.value = audio.currentTime;
}

export function setVolume(value: number): void {
  volume.value = value;
  remember('volume', String(value));
}

/** Empties the deck. */
export function closePlayer(): void {
  audio.pause();
  audio.removeAttribute('src');
  track.value = null;
}

function play(job: Job): void {
  const url = job.result?.url ?? job.preview?.url;
  if (url === undefined) return;
  batch(() => {
    track.value = job;
    position.value = 0;
    duration.value = job.result?.durationSeconds ?? job.source?.durationSeconds ?? 0;
  });
  load(url);
  isPreview = job.result === null;
}

function load(url: string): void {
  audio.src = url;
  isPreview = false;
  // Refused or interrupted: the button shows that it does not play.
  void audio.play().catch(() => {});
}

/** The link may have run out, and the job has a new one; or what was heard while it was made broke off. */
async function takeError(): Promise<void> {
  const job = track.peek();
  if (job === null || !audio.hasAttribute('src')) return;
  const at = audio.currentTime;
  const answer = await send(JobsByIdDocument, { ids: [job.id] }).catch(() => null);
  if (track.peek() !== job) return;
  const latest = answer?.nodes[0];
  const isOther = isPreview || latest?.result?.url !== job.result?.url;
  if (latest?.result != null && isOther) {
    mergeJobs([latest]);
    play(latest);
    audio.currentTime = at;
    return;
  }
  say((isPreview ? t().player.brokeOff : t().player.failed)(titleOf(job)), { isBad: true });
  closePlayer();
}

function tellTrack(): void {
  const job = track.value;
  if (job === null) {
    navigator.mediaSession.metadata = null;
    return;
  }
  const { thumbnailUrl } = job;
  navigator.mediaSession.metadata = new MediaMetadata({
    title: titleOf(job),
    artist: job.source?.uploader ?? '',
    artwork:
      thumbnailUrl === null ? [] : [{ src: thumbnailUrl, sizes: '256x256', type: 'image/jpeg' }],
  });
}

function tellPosition(): void {
  const total = duration.peek();
  if (track.peek() === null || total <= 0) return;
  navigator.mediaSession.setPositionState({
    duration: total,
    position: Math.min(audio.currentTime, total),
    playbackRate: audio.playbackRate,
  });
}
