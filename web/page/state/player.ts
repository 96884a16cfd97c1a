// The one player: what it plays, where it is, and the keys of the system that steer it. What lies before
// and behind is the list as it is shown.

import { batch, effect, signal } from '@preact/signals';
import { JobsByIdDocument } from '../api/documents.generated.ts';
import { send } from '../api/send.ts';
import { t } from '../texts/texts.ts';
import { playableIds } from './history.ts';
import { jobSignal, mergeJobs, type Job } from './jobs.ts';
import { recall, remember } from './memory.ts';
import { say } from './notices.ts';
import { titleOf } from './words.ts';

/** What is in the deck; null when it is empty. Kept as it was when it was put in. */
export const track = signal<Job | null>(null);
export const isPlaying = signal(false);
/** Seconds. */
export const position = signal(0);
export const duration = signal(0);
export const volume = signal(Number(recall('volume') ?? 1));

const seekStepSeconds = 10;
/** Later than that, "previous" means the beginning. */
const restartAfterSeconds = 3;

const audio = document.createElement('audio');

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
  if (job.result === null) return;
  batch(() => {
    track.value = job;
    position.value = 0;
    duration.value = job.result?.durationSeconds ?? 0;
  });
  audio.src = job.result.url;
  // Refused or interrupted: the button shows that it does not play.
  void audio.play().catch(() => {});
}

/** The link may have run out, and the job has a new one. */
async function takeError(): Promise<void> {
  const job = track.peek();
  if (job === null || !audio.hasAttribute('src')) return;
  const at = audio.currentTime;
  const answer = await send(JobsByIdDocument, { ids: [job.id] }).catch(() => null);
  if (track.peek() !== job) return;
  const latest = answer?.nodes[0];
  if (latest?.result != null && latest.result.url !== job.result?.url) {
    mergeJobs([latest]);
    play(latest);
    audio.currentTime = at;
    return;
  }
  say(t().player.failed(titleOf(job)), { isBad: true });
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
