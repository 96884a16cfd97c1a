// The list: its tools, its rows, and more of them as one scrolls.

import { useEffect, useRef } from 'preact/hooks';
import { loadMore, narrow, reach, rowIds, searched, shown } from '../../state/history.ts';
import { jobSignal } from '../../state/jobs.ts';
import { t } from '../../texts/texts.ts';
import { PausedLanes } from '../PausedLanes.tsx';
import { JobRow } from './JobRow.tsx';
import { ListTools } from './ListTools.tsx';

export function JobList() {
  const ids = rowIds.value;
  return (
    <section class="list" aria-labelledby="list-title">
      <ListTools />
      <PausedLanes />
      {ids.length > 0 && (
        <ol class="jobs" role="list">
          {ids.map((id) => {
            const job = jobSignal(id);
            return job && <JobRow key={id} job={job} />;
          })}
        </ol>
      )}
      <ListEnd isEmpty={ids.length === 0} />
    </section>
  );
}

/** What stands below the rows: more to come, a failure, or why there is nothing. */
function ListEnd({ isEmpty }: { readonly isEmpty: boolean }) {
  const texts = t().list;
  const { state } = reach.value;
  if (state === 'failed') {
    return (
      <p class="list-end">
        {texts.loadFailed}{' '}
        <button class="text-button" type="button" onClick={() => void loadMore()}>
          {texts.tryAgain}
        </button>
      </p>
    );
  }
  if (state === 'waiting') return <MoreButton />;
  if (state === 'loading')
    return isEmpty ? <Skeleton /> : <p class="list-end list-more">{texts.loading}</p>;
  if (!isEmpty) return null;
  const isNarrowed = shown.value !== 'all' || searched.value !== '';
  return (
    <p class="list-end">
      {isNarrowed ? texts.noMatch : texts.empty}{' '}
      {isNarrowed && (
        <button
          class="text-button"
          type="button"
          onClick={() => narrow({ shown: 'all', searched: '' })}
        >
          {texts.showAll}
        </button>
      )}
    </p>
  );
}

/** Loads by itself shortly before it is scrolled into sight. */
function MoreButton() {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) void loadMore();
      },
      { rootMargin: '600px' },
    );
    if (button.current !== null) observer.observe(button.current);
    return () => observer.disconnect();
  }, []);
  return (
    <p class="list-end list-more">
      <button class="button" type="button" ref={button} onClick={() => void loadMore()}>
        {t().list.more}
      </button>
    </p>
  );
}

/** Rows to come, in their size; seen only when the answer is late. */
function Skeleton() {
  return (
    <div class="skeleton" role="status" aria-label={t().list.loading}>
      {[0, 1, 2].map((row) => (
        <div key={row} class="skeleton-row" />
      ))}
    </div>
  );
}
