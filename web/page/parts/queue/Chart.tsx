// Sixty minutes as sixty bars. Readers of screens get the summary; the pointer gets each minute.

import type { ComponentChildren } from 'preact';
import { t } from '../../texts/texts.ts';

/** One bar, its parts from the ground up, and what it says under the pointer. */
export type Minute = { readonly label: string; readonly values: readonly number[] };

type ChartProps = {
  readonly title: string;
  readonly summary: string;
  readonly minutes: readonly Minute[];
  /** The colour of each part of a bar. */
  readonly kinds: readonly ('good' | 'bad' | 'soft')[];
  readonly format: (value: number) => string;
  /** The key, or the figures that belong to it. */
  readonly children: ComponentChildren;
};

const height = 100;
const step = 10;
const barWidth = 7;

export function Chart({ title, summary, minutes, kinds, format, children }: ChartProps) {
  const sums = minutes.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const top = Math.max(...sums, 0);
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <p class="chart-facts figures">{children}</p>
      </figcaption>
      <div class="chart-plane">
        <span class="chart-top figures" aria-hidden="true">
          {top > 0 ? format(top) : ''}
        </span>
        <svg
          role="img"
          aria-label={summary}
          viewBox={`0 0 ${Math.max(minutes.length, 1) * step} ${height}`}
          preserveAspectRatio="none"
        >
          {minutes.map(({ label, values }, index) => (
            <Bar key={label} {...{ label, values, kinds }} x={index * step} top={top} />
          ))}
        </svg>
      </div>
      <p class="chart-axis" aria-hidden="true">
        <span>{t().queue.minutesAgo(minutes.length)}</span>
        <span>{t().queue.minutesAgo(0)}</span>
      </p>
    </figure>
  );
}

type BarProps = Minute & Pick<ChartProps, 'kinds'> & { readonly x: number; readonly top: number };

function Bar({ label, values, kinds, x, top }: BarProps) {
  let ground = height;
  return (
    <g>
      <title>{label}</title>
      <rect class="bar-back" x={x} y="0" width={step} height={height} />
      {values.map((value, part) => {
        const length = top > 0 ? (value / top) * height : 0;
        ground -= length;
        const kind = `bar bar-${kinds[part] ?? 'soft'}`;
        return <rect key={kind} class={kind} x={x} y={ground} width={barWidth} height={length} />;
      })}
    </g>
  );
}
