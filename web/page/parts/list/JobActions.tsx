// What to do with a job: one main thing in each state.

import { cancel, retry } from '../../state/actions.ts';
import type { Job } from '../../state/jobs.ts';
import { isPlaying, togglePlay, track } from '../../state/player.ts';
import { t } from '../../texts/texts.ts';
import { Icon } from '../Icon.tsx';

type ActionsProps = { readonly job: Job; readonly title: string };

export function JobActions({ job, title }: ActionsProps) {
  const texts = t().job;
  if (job.status === 'SUCCEEDED' && job.result !== null) {
    const { url, fileName } = job.result;
    return (
      <div class="job-actions">
        <PlayButton job={job} title={title} />
        <a
          class="button job-action"
          href={url}
          download={fileName}
          aria-label={texts.named(texts.download, title)}
        >
          <Icon name="download" />
          <span class="job-action-word">{texts.download}</span>
        </a>
      </div>
    );
  }
  const isActive = !job.isTerminal;
  const word = isActive ? texts.cancel : job.status === 'FAILED' ? texts.retry : texts.again;
  return (
    <div class="job-actions">
      <button
        class="button job-action"
        type="button"
        aria-label={texts.named(word, title)}
        onClick={() => void (isActive ? cancel(job.id) : retry(job.id))}
      >
        <Icon name={isActive ? 'cross' : 'retry'} />
        <span class="job-action-word">{word}</span>
      </button>
    </div>
  );
}

function PlayButton({ job, title }: ActionsProps) {
  const texts = t().job;
  const isThis = track.value?.id === job.id && isPlaying.value;
  const word = isThis ? texts.pause : texts.play;
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
