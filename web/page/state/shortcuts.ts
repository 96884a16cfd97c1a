// The keys. Those with a single character work everywhere and can be turned off (WCAG 2.1.4); those of a
// row work only while the row has the focus, and belong to it (parts/list/JobRow.tsx).

import { signal } from '@preact/signals';
import { recall, remember } from './memory.ts';
import { findLinks } from './links.ts';
import { step, toggleTrack } from './player.ts';
import { ask } from './request.ts';
import { goTo } from './route.ts';

/** Whether single characters are shortcuts. */
export const hasSingleKeys = signal(recall('shortcuts') !== 'off');

export function setSingleKeys(isOn: boolean): void {
  hasSingleKeys.value = isOn;
  remember('shortcuts', isOn ? 'on' : 'off');
}

/** Listens on the whole page; `openSheet` shows what the keys do. */
export function startShortcuts(openSheet: () => void): void {
  const keys: Readonly<Record<string, () => void>> = {
    '/': () => focusOn('#link'),
    f: () => focusOn('#search'),
    j: () => moveFocus(1),
    k: () => moveFocus(-1),
    ' ': toggleTrack,
    n: () => step(1),
    N: () => step(-1),
    '?': openSheet,
  };
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!hasSingleKeys.peek() || isUsed(event.target, event.key)) return;
    const run = keys[event.key];
    if (run === undefined) return;
    event.preventDefault();
    run();
  });
  // Pasted anywhere but into a field: the link starts.
  document.addEventListener('paste', (event) => {
    if (event.defaultPrevented || isField(event.target)) return;
    const text = event.clipboardData?.getData('text') ?? '';
    if (findLinks(text).length === 0) return;
    event.preventDefault();
    goTo('/');
    void ask(text);
  });
}

/** Puts the focus on the row `by` rows further down, or on the first. */
function moveFocus(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('.job')];
  const place = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[place === -1 ? 0 : place + by];
  row?.focus();
  row?.scrollIntoView({ block: 'nearest' });
}

function focusOn(selector: string): void {
  goTo('/');
  setTimeout(() => document.querySelector<HTMLElement>(selector)?.focus());
}

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.matches('textarea, select, input:not([type=checkbox], [type=radio], [type=range])');

/** A key that the focused element needs for itself is no shortcut. */
function isUsed(target: EventTarget | null, key: string): boolean {
  if (isField(target) || document.querySelector('dialog[open]') !== null) return true;
  const isControl =
    target instanceof HTMLElement && target.matches('button, a, summary, input, [role=slider]');
  return key === ' ' && isControl;
}
