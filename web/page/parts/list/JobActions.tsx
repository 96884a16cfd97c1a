// What to do with a job: one main thing in each state.

import { useLayoutEffect, useRef } from 'preact/hooks';
import { cancel, retry } from '../../state/actions.ts';
import type { Job } from '../../state/jobs.ts';
import { isPlaying, togglePlay, track } from '../../state/player.ts';
import { t } from '../../texts/texts.ts';
import { Icon } from '../Icon.tsx';

type ActionsProps = { readonly job: Job; readonly title: string };

export function JobActions({ job, title }: ActionsProps) {
  const place = useRef<HTMLDivElement>(null);
  const hadFocus = place.current?.contains(document.activeElement) ?? false;
  // Another state has other buttons: who stood on one of them stays here.
  useLayoutEffect(() => {
    if (!hadFocus || place.current?.contains(document.activeElement)) return;
    place.current?.querySelector<HTMLElement>('button, a')?.focus();
  }, [job.status]);
  return (
    <div class="job-actions" ref={place}>
      {job.result === null ? (
        <>
          {job.preview !== null && <PlayButton job={job} title={title} />}
          <CancelOrRetry job={job} title={title} />
        </>
      ) : (
        <>
          <PlayButton job={job} title={title} />
          <DownloadLink result={job.result} title={title} />
        </>
      )}
    </div>
  );
}

function CancelOrRetry({ job, title }: ActionsProps) {
  const texts = t().job;
  const isActive = !job.isTerminal;
  const word = isActive ? texts.cancel : job.status === 'FAILED' ? texts.retry : texts.again;
  return (
    <button
      class="button job-action"
      type="button"
      aria-label={texts.named(word, title)}
      onClick={() => void (isActive ? cancel(job.id) : retry(job.id))}
    >
      <Icon name={isActive ? 'cross' : 'retry'} />
      <span class="job-action-word">{word}</span>
    </button>
  );
}

type DownloadProps = { readonly result: NonNullable<Job['result']>; readonly title: string };

function DownloadLink({ result, title }: DownloadProps) {
  const texts = t().job;
  return (
    <a
      class="button job-action"
      href={result.url}
      download={result.fileName}
      aria-label={texts.named(texts.download, title)}
    >
      <Icon name="download" />
      <span class="job-action-word">{texts.download}</span>
    </a>
  );
}

function PlayButton({ job, title }: ActionsProps) {
  const texts = t().job;
  const isThis = track.value?.id === job.id && isPlaying.value;
  const word = isThis ? texts.pause : job.result === null ? texts.listen : texts.play;
  return (
    <button
      class="button button-main job-action"
      type="button"
      aria-label={texts.named(word, title)}
      onClick={() => togglePlay(job)}
    >
      <Icon name={isThis ? 'pause' : 'play'} />
      <span class="job-action-word">{word}</span>
    </button>
  );
}
