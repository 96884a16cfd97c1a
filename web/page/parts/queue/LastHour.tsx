// The last hour in three small charts: what was finished, how long it waited, how long it ran.

import { queueHour } from '../../state/queue.ts';
import { clockTime, preciseStretch } from '../../state/words.ts';
import { t } from '../../texts/texts.ts';
import { Chart, type Minute } from './Chart.tsx';

export function LastHour() {
  const texts = t().queue;
  const hour = queueHour.value;
  const series = hour?.series ?? [];
  const { succeeded = 0, failed = 0, canceled = 0 } = hour?.window ?? {};
  const summary = texts.throughputText(succeeded, failed, canceled);
  const finished = series.map(({ startsAt, ...counts }): Minute => {
    const { succeeded: good, failed: bad, canceled: stopped } = counts;
    const parts = [
      `${good} ${texts.succeeded}`,
      `${bad} ${texts.failedWord}`,
      `${stopped} ${texts.canceledWord}`,
    ];
    return { label: `${clockTime(startsAt)}: ${parts.join(', ')}`, values: [good, bad, stopped] };
  });
  const seconds = (key: 'waitSecondsP50' | 'runSecondsP50') =>
    series.map((minute): Minute => {
      const value = minute[key];
      const words = value === null ? texts.noFigures : preciseStretch(value);
      return { label: `${clockTime(minute.startsAt)}: ${words}`, values: [value ?? 0] };
    });
  return (
    <section class="hour" aria-labelledby="hour-title">
      <h2 id="hour-title">{texts.hour}</h2>
      <div class="charts">
        <Chart
          title={texts.throughput}
          summary={summary}
          minutes={finished}
          kinds={['good', 'bad', 'soft']}
          format={String}
        >
          <span class="key key-good">{`${succeeded} ${texts.succeeded}`}</span>
          <span class="key key-bad">{`${failed} ${texts.failedWord}`}</span>
          <span class="key key-soft">{`${canceled} ${texts.canceledWord}`}</span>
        </Chart>
        <TimeChart
          title={texts.waitTime}
          minutes={seconds('waitSecondsP50')}
          half={hour?.window.waitSecondsP50 ?? null}
          most={hour?.window.waitSecondsP95 ?? null}
        />
        <TimeChart
          title={texts.runTime}
          minutes={seconds('runSecondsP50')}
          half={hour?.window.runSecondsP50 ?? null}
          most={hour?.window.runSecondsP95 ?? null}
        />
      </div>
    </section>
  );
}

type TimeChartProps = {
  readonly title: string;
  readonly minutes: readonly Minute[];
  /** Seconds, over the whole hour; null when nothing was finished. */
  readonly half: number | null;
  readonly most: number | null;
};

function TimeChart({ title, minutes, half, most }: TimeChartProps) {
  const texts = t().queue;
  const facts =
    half === null || most === null
      ? [texts.noFigures]
      : [`${texts.median} ${preciseStretch(half)}`, `${texts.ninetyFifth} ${preciseStretch(most)}`];
  return (
    <Chart
      title={title}
      summary={`${title}: ${facts.join(', ')}`}
      minutes={minutes}
      kinds={['good']}
      format={preciseStretch}
    >
      {facts.map((fact) => (
        <span key={fact} class="key">
          {fact}
        </span>
      ))}
    </Chart>
  );
}
