// The worker processes, each with a lamp for every conversion that it can run at once.

import { now } from '../../state/clock.ts';
import { queueHour, queueNow } from '../../state/queue.ts';
import { stretch } from '../../state/words.ts';
import { t } from '../../texts/texts.ts';

/** More lamps than that are no lamps any more. */
const mostLamps = 24;

export function Workers() {
  const texts = t().queue;
  const workers = queueHour.value?.workerList;
  return (
    <section aria-labelledby="workers-title">
      <h2 id="workers-title">{texts.workers}</h2>
      {queueNow.value?.workers === 0 && <p class="queue-alarm">{texts.noWorkers}</p>}
      <ul class="workers" role="list">
        {(workers ?? []).map(({ id, slots, running, startedAt }, index) => (
          <li key={id} title={id}>
            <span class="worker-name">{texts.worker(index + 1)}</span>
            <span class="lamps" aria-hidden="true">
              {Array.from({ length: Math.min(slots, mostLamps) }, (_, slot) => (
                <span key={slot} class="lamp" data-lit={slot < running} />
              ))}
            </span>
            <span class="worker-facts figures">
              {texts.slots(running, slots)}
              {' · '}
              {texts.upFor(stretch((now.value - Date.parse(startedAt)) / 1000))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
