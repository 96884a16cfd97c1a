// What a row folds out: the timeline, the file, the options, and a failure with what to do about it.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { JobDetailsDocument, type JobDetailsQuery } from '../../api/documents.generated.ts';
import { send } from '../../api/send.ts';
import type { Job } from '../../state/jobs.ts';
import { failureSentence } from '../../state/news.ts';
import { dateAndTime, size } from '../../state/words.ts';
import { t } from '../../texts/texts.ts';
import { Icon } from '../Icon.tsx';
import { CopyButton } from './CopyButton.tsx';
import { reportOn } from './report.ts';
import { Timeline } from './Timeline.tsx';

export type Details = NonNullable<JobDetailsQuery['job']>;

export function JobDetails({ job, onRemove }: { readonly job: Job; onRemove(): void }) {
  const details = useDetails(job);
  const texts = t().details;
  const { result } = job;
  return (
    <>
      <Failure job={job} />
      <div class="details-columns">
        <section>
          <h4>{texts.timeline}</h4>
          {details === 'failed' && <p>{texts.unavailable}</p>}
          {details !== null && details !== 'failed' && <Timeline events={details.timeline} />}
        </section>
        <dl class="details-facts">
          <dt>{texts.source}</dt>
          <dd>
            <a href={job.sourceUrl} target="_blank" rel="noreferrer">
              {job.sourceUrl}
            </a>
          </dd>
          <dt>{texts.options}</dt>
          <dd>
            {`${t().options.rate[job.options.quality]}, `}
            {job.options.embedThumbnail ? t().options.withCover : t().options.withoutCover}
          </dd>
          <dt>{texts.requested}</dt>
          <dd>{dateAndTime(job.createdAt)}</dd>
          {result !== null && (
            <>
              <dt>{texts.file}</dt>
              <dd>{`${result.fileName} (${size(result.sizeBytes)})`}</dd>
              <dt>{texts.checksum}</dt>
              <dd>
                <code>{details === 'failed' ? '' : (details?.result?.sha256 ?? '…')}</code>
              </dd>
            </>
          )}
        </dl>
      </div>
      <p class="details-actions">
        <CopyButton
          word={texts.copyReport}
          text={() => reportOn(job, details === 'failed' ? null : details)}
        />
        {result !== null && (
          <CopyButton word={texts.copyLink} text={() => new URL(result.url, location.href).href} />
        )}
        {job.isTerminal && (
          <button class="text-button text-button-bad" type="button" onClick={onRemove}>
            <Icon name="trash" />
            {texts.remove}
          </button>
        )}
      </p>
    </>
  );
}

function Failure({ job }: { readonly job: Job }) {
  const { failure } = job;
  if (failure === null) return null;
  const texts = t().details;
  const isFinal = job.status === 'FAILED';
  return (
    <div class="failure" data-final={isFinal}>
      <h4>
        {isFinal ? texts.error : texts.lastError} <code>{failure.code}</code>
      </h4>
      <p>{failureSentence(job)}</p>
      {isFinal && (
        <p>
          <strong>{texts.advice}:</strong> {t().advice[failure.code] ?? t().advice.INTERNAL}
        </p>
      )}
    </div>
  );
}

/** Reads them when the row opens, and again when the job has come to another step. */
function useDetails({ id, status, progress, attempt }: Job): Details | 'failed' | null {
  const details = useSignal<Details | 'failed' | null>(null);
  useEffect(() => {
    let isWanted = true;
    const read = async () => {
      const answer = await send(JobDetailsDocument, { id }).catch(() => null);
      if (isWanted) details.value = answer?.job ?? details.peek() ?? 'failed';
    };
    void read();
    return () => {
      isWanted = false;
    };
  }, [id, status, progress.phase, attempt]);
  return details.value;
}
