// The steps of a job, with how long each took. The present one counts on.

import { now } from '../../state/clock.ts';
import { exactTime, preciseStretch } from '../../state/words.ts';
import { t } from '../../texts/texts.ts';
import type { Details } from './JobDetails.tsx';

type JobEvent = Details['timeline'][number];

const lasting: readonly JobEvent['status'][] = ['QUEUED', 'RUNNING'];

export function Timeline({ events }: { readonly events: readonly JobEvent[] }) {
  const lengths = events.map((event, index) => secondsOf(event, events[index + 1]));
  const isRepeated = events.some(({ attempt }) => attempt > 1);
  const longest = Math.max(...lengths.map((length) => length ?? 0), 0.001);
  return (
    <ol class="timeline" role="list">
      {events.map((event, index) => (
        <li key={event.at + (event.phase ?? event.status)} data-status={event.status}>
          {isRepeated && event.attempt > (events[index - 1]?.attempt ?? 0) && (
            <span class="timeline-attempt">{t().details.attempt(event.attempt)}</span>
          )}
          <time class="figures" dateTime={event.at}>
            {exactTime(event.at)}
          </time>
          <span class="timeline-word">{wordOf(event)}</span>
          <Length
            seconds={lengths[index] ?? null}
            share={(lengths[index] ?? 0) / longest}
            isPresent={index === events.length - 1}
          />
        </li>
      ))}
    </ol>
  );
}

type LengthProps = {
  readonly seconds: number | null;
  readonly share: number;
  readonly isPresent: boolean;
};

function Length({ seconds, share, isPresent }: LengthProps) {
  if (seconds === null) return null;
  const time = preciseStretch(seconds);
  return (
    <span class="timeline-length figures">
      <span class="timeline-bar" aria-hidden="true">
        <span style={{ transform: `scaleX(${share})` }} />
      </span>
      {isPresent ? t().details.soFar(time) : time}
    </span>
  );
}

function secondsOf(event: JobEvent, next: JobEvent | undefined): number | null {
  if (!lasting.includes(event.status)) return null;
  const end = next === undefined ? now.value : Date.parse(next.at);
  return Math.max(0, (end - Date.parse(event.at)) / 1000);
}

function wordOf({ status, phase, failureCode }: JobEvent): string {
  const { statuses, phases } = t().job;
  if (status === 'RUNNING') return phases[phase ?? 'WORKING'] ?? phases.WORKING;
  const isAfterFailure = failureCode !== null && (status === 'FAILED' || status === 'QUEUED');
  return isAfterFailure ? `${statuses[status]} (${failureCode})` : statuses[status];
}
