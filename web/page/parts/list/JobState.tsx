// How a job stands: icon, word and colour together, and the figures that belong to it.

import { useComputed } from '@preact/signals';
import { now } from '../../state/clock.ts';
import type { Job } from '../../state/jobs.ts';
import { failureSentence } from '../../state/news.ts';
import { clockTime, percent, size, stretch } from '../../state/words.ts';
import { t } from '../../texts/texts.ts';
import { Icon, type IconName } from '../Icon.tsx';

const icons: Readonly<Record<Job['status'], IconName>> = {
  QUEUED: 'clock',
  RUNNING: 'wave',
  SUCCEEDED: 'check',
  FAILED: 'alert',
  CANCELED: 'stop',
  EXPIRED: 'gone',
};

export function JobState({ job }: { readonly job: Job }) {
  const isRetrying = job.status === 'QUEUED' && job.nextAttemptAt !== null;
  return (
    <p class="job-state">
      <span class="job-word">
        <Icon name={isRetrying ? 'retry' : icons[job.status]} />
        {wordFor(job)}
      </span>
      <Facts job={job} />
    </p>
  );
}

/** The state in one or a few words. */
export function wordFor(job: Pick<Job, 'status' | 'progress' | 'nextAttemptAt'>): string {
  const { statuses, phases, retrying } = t().job;
  if (job.status === 'RUNNING') return phases[job.progress.phase ?? 'WORKING'] ?? phases.WORKING;
  return job.status === 'QUEUED' && job.nextAttemptAt !== null ? retrying : statuses[job.status];
}

function Facts({ job }: { readonly job: Job }) {
  const texts = t().job;
  const { status, result, attempt, maxAttempts } = job;
  if (status === 'RUNNING') return <RunningFacts job={job} />;
  if (status === 'QUEUED' && job.nextAttemptAt !== null) {
    const time = clockTime(job.nextAttemptAt);
    return (
      <>
        <span class="job-fact figures">{texts.nextTry(attempt + 1, maxAttempts, time)}</span>
        <span class="job-fact job-why">{failureSentence(job)}</span>
      </>
    );
  }
  if (status === 'QUEUED') {
    return (
      <span class="job-fact figures">
        {job.queuePosition === null ? '' : texts.ahead(job.queuePosition)}
      </span>
    );
  }
  if (status === 'SUCCEEDED' && result !== null) {
    return (
      <>
        <span class="job-fact figures">{size(result.sizeBytes)}</span>
        <span class="job-fact figures">
          {result.expiresAt === null ? texts.keptForGood : <Countdown until={result.expiresAt} />}
        </span>
      </>
    );
  }
  const why = {
    FAILED: failureSentence(job),
    EXPIRED: texts.expiredHint,
    CANCELED: texts.canceledHint,
  };
  return <span class="job-fact job-why">{why[status as keyof typeof why] ?? ''}</span>;
}

function RunningFacts({ job: { progress, attempt, maxAttempts } }: { readonly job: Job }) {
  const texts = t().job;
  return (
    <>
      {progress.fraction !== null && (
        <span class="job-fact job-percent figures">{percent(progress.fraction)}</span>
      )}
      {progress.bytesPerSecond !== null && (
        <span class="job-fact figures">{`${size(progress.bytesPerSecond)}/s`}</span>
      )}
      {progress.etaSeconds !== null && <TimeLeft progress={progress} />}
      {attempt > 1 && <span class="job-fact figures">{texts.thisTry(attempt, maxAttempts)}</span>}
    </>
  );
}

/** Counts on between two frames; what should be over and is not, has no known end. */
function TimeLeft({ progress }: { readonly progress: Job['progress'] }) {
  const endsAt = Date.parse(progress.asOf) + (progress.etaSeconds ?? 0) * 1000;
  const seconds = Math.max(0, Math.round((endsAt - now.value) / 1000));
  return seconds > 0 && <span class="job-fact figures">{t().job.left(stretch(seconds))}</span>;
}

/** Only its text follows the clock, and only when it reads differently. */
function Countdown({ until }: { readonly until: string }) {
  const end = Date.parse(until);
  const text = useComputed(() => t().job.expiresIn(stretch(Math.max(0, (end - now.value) / 1000))));
  return <>{text}</>;
}
