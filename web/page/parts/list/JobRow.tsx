// One job: what it is, how it stands, and the one thing to do with it. It keeps its place and its height
// whatever becomes of it; only its own signal redraws it.

import { type ReadonlySignal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { cancel, isBroughtBack, remove, retry } from '../../state/actions.ts';
import type { Job } from '../../state/jobs.ts';
import { togglePlay } from '../../state/player.ts';
import { freshIds } from '../../state/request.ts';
import { titleOf, trackTime } from '../../state/words.ts';
import { t } from '../../texts/texts.ts';
import { Icon } from '../Icon.tsx';
import { Thumbnail } from '../Thumbnail.tsx';
import { JobActions } from './JobActions.tsx';
import { JobDetails } from './JobDetails.tsx';
import { JobState } from './JobState.tsx';
import { Meter } from './Meter.tsx';

export function JobRow({ job: signal }: { readonly job: ReadonlySignal<Job> }) {
  const row = useRef<HTMLLIElement>(null);
  const isOpen = useSignal(false);
  const job = signal.value;
  const { texts, title } = { texts: t().job, title: titleOf(job) };
  const seconds = job.result?.durationSeconds ?? job.source?.durationSeconds ?? null;
  const facts = [
    job.source?.uploader,
    seconds === null ? null : trackTime(seconds),
    t().options.rate[job.options.quality],
  ];
  useEffect(() => {
    if (isBroughtBack(job.id)) row.current?.focus();
  }, []);
  const detailsId = `details-${job.id}`;

  const toggleDetails = () => (isOpen.value = !isOpen.value);
  const removeRow = () => {
    focusNeighbour(row);
    remove(job.id);
  };
  const keys: Readonly<Record<string, () => void>> = {
    Enter: toggleDetails,
    p: () => togglePlay(job),
    d: () => row.current?.querySelector<HTMLElement>('a[download]')?.click(),
    c: () => void (job.isTerminal || cancel(job.id)),
    r: () => void (job.isTerminal && job.status !== 'SUCCEEDED' && retry(job.id)),
    Delete: () => void (job.isTerminal && removeRow()),
  };
  return (
    <li
      class="job"
      ref={row}
      tabIndex={-1}
      aria-labelledby={`title-${job.id}`}
      data-status={job.status}
      data-fresh={freshIds.value.includes(job.id)}
      onKeyDown={(event) => {
        // Only the row's own: what stands in it has keys of its own.
        const key = keys[event.key];
        if (event.target !== row.current || key === undefined || hasModifier(event)) return;
        event.preventDefault();
        key();
      }}
    >
      <div class="job-line">
        <Thumbnail job={job} />
        <div class="job-words">
          <h3 class="job-title" id={`title-${job.id}`} title={title}>
            {title}
          </h3>
          <p class="job-facts">{facts.filter((fact) => fact != null).join(' · ')}</p>
          <JobState job={job} />
          <Meter job={job} title={title} />
        </div>
        <JobActions job={job} title={title} />
        <button
          class="quiet-button fold"
          type="button"
          aria-expanded={isOpen.value}
          aria-controls={detailsId}
          onClick={toggleDetails}
        >
          <Icon name="chevron" />
          <span class="unseen">{texts.named(texts.details, title)}</span>
        </button>
      </div>
      <div class="details" id={detailsId} hidden={!isOpen.value}>
        {isOpen.value && <JobDetails job={job} onRemove={removeRow} />}
      </div>
    </li>
  );
}

/** The row goes, the keyboard stays in the list. */
function focusNeighbour({ current: row }: RefObject<HTMLElement | null>): void {
  const neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
  const target = neighbour ?? document.querySelector('#link');
  if (target instanceof HTMLElement) target.focus();
}

const hasModifier = ({ ctrlKey, metaKey, altKey }: KeyboardEvent) => ctrlKey || metaKey || altKey;
