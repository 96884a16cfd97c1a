// The queue on a wall: what waits and runs at this moment, the workers, and the last hour.

import '../../style/queue.css';
import { useEffect } from 'preact/hooks';
import { now } from '../../state/clock.ts';
import { connection } from '../../state/connection.ts';
import { queueHour, queueNow, watchQueue } from '../../state/queue.ts';
import { exactTime, stretch, wholeNumber } from '../../state/words.ts';
import { t } from '../../texts/texts.ts';
import { PausedLanes } from '../PausedLanes.tsx';
import { Failures } from './Failures.tsx';
import { LastHour } from './LastHour.tsx';
import { RunningNow } from './RunningNow.tsx';
import { Workers } from './Workers.tsx';

export function QueuePage() {
  useEffect(watchQueue, []);
  const texts = t().queue;
  const stats = queueNow.value;
  return (
    <div class="queue">
      <header class="queue-top">
        <h1 tabIndex={-1}>{texts.heading}</h1>
        <p class="figures">{stats !== null && <AsOf asOf={stats.asOf} />}</p>
      </header>
      <PausedLanes />
      <Figures />
      <div class="queue-columns">
        <Workers />
        <RunningNow />
      </div>
      <LastHour />
      {queueHour.value !== null && <Failures counts={queueHour.value.failures} />}
    </div>
  );
}

/** While the page is live the figures hold now; otherwise since they were read. */
function AsOf({ asOf }: { readonly asOf: string }) {
  const isLive = connection.value.kind === 'live';
  return <>{isLive ? exactTime(now.value) : t().queue.asOf(exactTime(asOf))}</>;
}

function Figures() {
  const texts = t().queue;
  const stats = queueNow.value;
  const oldest = stats?.oldestQueuedAt;
  const waits =
    oldest == null ? '' : texts.oldest(stretch((now.value - Date.parse(oldest)) / 1000));
  return (
    <dl class="big-figures">
      <Figure
        name={texts.running}
        value={stats?.running}
        note={stats === null ? '' : texts.ofSlots(stats.workerSlots)}
        isLit={(stats?.running ?? 0) > 0}
      />
      <Figure name={texts.waiting} value={stats?.queued} note={waits} isLit={false} />
      <Figure name={texts.retrying} value={stats?.waitingForRetry} note="" isLit={false} />
    </dl>
  );
}

type FigureProps = {
  readonly name: string;
  /** Undefined until it is known; its place is kept. */
  readonly value: number | undefined;
  readonly note: string;
  readonly isLit: boolean;
};

function Figure({ name, value, note, isLit }: FigureProps) {
  return (
    <div class="big-figure" data-lit={isLit}>
      <dt>{name}</dt>
      <dd>
        <span class="big-number figures">{value === undefined ? '–' : wholeNumber(value)}</span>
        <span class="big-note figures">{note}</span>
      </dd>
    </div>
  );
}
