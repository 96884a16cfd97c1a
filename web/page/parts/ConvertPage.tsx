// The start page: the field, and below it what became of every link.

import { computed } from '@preact/signals';
import { reach, rowIds, searched, shown } from '../state/history.ts';
import { listRevision, knownJobs, jobSignal } from '../state/jobs.ts';
import { t } from '../texts/texts.ts';
import { Cassette } from './Cassette.tsx';
import { JobList } from './list/JobList.tsx';
import { FasterWays } from './request/FasterWays.tsx';
import { FirstVisit } from './request/FirstVisit.tsx';
import { RequestForm } from './request/RequestForm.tsx';

/** True as soon as it is known that there is nothing at all. */
const isFirstVisit = computed(
  () =>
    reach.value.state === 'complete' &&
    rowIds.value.length === 0 &&
    shown.value === 'all' &&
    searched.value === '',
);

export function ConvertPage() {
  const [paste, take] = t().request.heading;
  return (
    <>
      <section class="hero">
        <div class="hero-words">
          <h1 tabIndex={-1}>
            <span>{paste}</span> <span>{take}</span>
          </h1>
          <RequestForm />
        </div>
        <Deck />
      </section>
      {isFirstVisit.value ? <FirstVisit /> : <JobList />}
      <FasterWays />
    </>
  );
}

/** All that runs or waits, together on one cassette. */
function Deck() {
  void listRevision.value;
  const active = knownJobs().filter((job) => !job.isTerminal);
  const running = active.filter(({ status }) => status === 'RUNNING').length;
  const sum = active.reduce(
    (total, { id }) => total + (jobSignal(id)?.value.progress.fraction ?? 0),
    0,
  );
  const { statuses } = t().job;
  const waiting = active.length - running;
  const label = [
    running > 0 ? `${running} × ${statuses.RUNNING}` : '',
    waiting > 0 ? `${waiting} × ${statuses.QUEUED}` : '',
  ].filter((part) => part !== '');
  return (
    <div class="hero-deck">
      <Cassette
        fraction={active.length === 0 ? 0 : sum / active.length}
        isTurning={running > 0}
        label={label.join('  ·  ') || t().page.name}
      />
    </div>
  );
}
