// The one bar over the whole job. It moves as the server says and no further; where the server does not
// know, it says so by having no value. Its place is kept for jobs that need none.

import type { Job } from '../../state/jobs.ts';
import { t } from '../../texts/texts.ts';
import { wordFor } from './JobState.tsx';

export function Meter({ job, title }: { readonly job: Job; readonly title: string }) {
  if (job.isTerminal) return <div class="meter-place" />;
  const texts = t().job;
  const { fraction } = job.progress;
  const isKnown = fraction !== null && job.status === 'RUNNING';
  const value = Math.floor((isKnown ? fraction : 0) * 100);
  return (
    <div class="meter-place">
      <div
        class="meter"
        role="progressbar"
        aria-label={texts.progressOf(title)}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={isKnown || job.status === 'QUEUED' ? value : undefined}
        aria-valuetext={isKnown ? texts.progressText(wordFor(job), value) : wordFor(job)}
        data-unknown={job.status === 'RUNNING' && !isKnown}
        style={{ '--fraction': isKnown ? fraction : 0 }}
      >
        <div class="meter-tape" />
        {isKnown && <div class="meter-head" />}
      </div>
    </div>
  );
}
