// What is being converted at this moment: the jobs that this reader may see, the furthest first.

import { jobSignal, knownJobs, listRevision } from '../../state/jobs.ts';
import { percent, titleOf } from '../../state/words.ts';
import { t } from '../../texts/texts.ts';
import { wordFor } from '../list/JobState.tsx';
import { Meter } from '../list/Meter.tsx';

const most = 12;

export function RunningNow() {
  void listRevision.value;
  const texts = t().queue;
  const ids = knownJobs()
    .filter(({ status }) => status === 'RUNNING')
    .toSorted((a, b) => ((a.startedAt ?? '') < (b.startedAt ?? '') ? -1 : 1))
    .slice(0, most)
    .map(({ id }) => id);
  return (
    <section aria-labelledby="running-title">
      <h2 id="running-title">{texts.runningNow}</h2>
      {ids.length === 0 && <p class="queue-quiet">{texts.idle}</p>}
      <ul class="running" role="list">
        {ids.map((id) => (
          <RunningJob key={id} id={id} />
        ))}
      </ul>
    </section>
  );
}

function RunningJob({ id }: { readonly id: string }) {
  const job = jobSignal(id)?.value;
  if (job === undefined) return null;
  const title = titleOf(job);
  const { fraction } = job.progress;
  return (
    <li>
      <p class="running-title" title={title}>
        {title}
      </p>
      <p class="running-facts figures">
        {wordFor(job)} {fraction === null ? '' : percent(fraction)}
      </p>
      <Meter job={job} title={title} />
    </li>
  );
}
