// Above the list: search, filter by state, and what can be done to many jobs at once.

import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { clearFinished, retryFailed } from '../../state/actions.ts';
import {
  hiddenIds,
  narrow,
  reach,
  rowIds,
  searched,
  type Shown,
  shown,
  shownStatuses,
} from '../../state/history.ts';
import { jobSignal } from '../../state/jobs.ts';
import { t } from '../../texts/texts.ts';
import { Icon } from '../Icon.tsx';

const typingPauseMs = 250;

export function ListTools() {
  return (
    <div class="tools">
      <Heading />
      <SearchField />
      <Filter />
      <ForMany />
    </div>
  );
}

function Heading() {
  const texts = t().list;
  const { state, totalCount } = reach.value;
  const rows = rowIds.value.length;
  const left = (totalCount ?? 0) - hiddenIds.value.size;
  const count = state === 'complete' ? rows : Math.max(left, rows);
  return (
    <h2 id="list-title">
      {texts.heading} {totalCount !== null && <span class="tools-count">{count}</span>}
    </h2>
  );
}

function SearchField() {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const typed = useSignal(searched.peek());
  // The list is widened by others too: when a link is accepted.
  useSignalEffect(() => {
    typed.value = searched.value;
  });
  const texts = t().list;
  return (
    <label class="search">
      <Icon name="search" />
      <span class="unseen">{texts.search}</span>
      <input
        id="search"
        type="search"
        placeholder={texts.search}
        value={typed.value}
        onInput={({ currentTarget: { value } }) => {
          typed.value = value;
          clearTimeout(timer.current);
          timer.current = setTimeout(() => narrow({ searched: value }), typingPauseMs);
        }}
      />
    </label>
  );
}

function Filter() {
  const texts = t().list;
  return (
    <fieldset class="filter">
      <legend class="unseen">{texts.filter}</legend>
      {(Object.keys(shownStatuses) as Shown[]).map((choice) => (
        <label key={choice} class="choice">
          <input
            type="radio"
            name="shown"
            checked={shown.value === choice}
            onChange={() => narrow({ shown: choice })}
          />
          <span class="choice-name">{texts.shown[choice]}</span>
        </label>
      ))}
    </fieldset>
  );
}

function ForMany() {
  const texts = t().list;
  const statuses = useComputed(
    () => new Set(rowIds.value.map((id) => jobSignal(id)?.peek().status)),
  ).value;
  const isAnyFinished = ['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'].some((status) =>
    statuses.has(status as 'FAILED'),
  );
  return (
    <div class="for-many">
      <button
        class="text-button"
        type="button"
        hidden={!statuses.has('FAILED')}
        onClick={() => void retryFailed()}
      >
        {texts.retryFailed}
      </button>
      <button
        class="text-button"
        type="button"
        hidden={!isAnyFinished}
        onClick={() => void clearFinished()}
      >
        {texts.clearFinished}
      </button>
    </div>
  );
}
