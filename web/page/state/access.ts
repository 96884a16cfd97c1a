// The key, where the server asks for one (ACCESS=keys): kept in this browser, shown with every call, and asked
// for when there is none or it is not accepted. Who may do what, the server decides.

import { signal } from '@preact/signals';
import { forget, recall, remember } from './memory.ts';

/** `asked`: the server wants a key. `refused`: it does not take the one that was shown, or no more. */
type Lock = 'asked' | 'refused' | null;

/** Why the page is closed; null while it is open. */
export const lock = signal<Lock>(null);

const held = signal(recall('key'));

/** Whether this browser has a key; a component that asks follows its coming and going. */
export const hasKey = (): boolean => held.value !== null;

/** What to send as the Authorization header; null without a key. */
export function authorization(): string | null {
  const key = held.peek();
  return key === null ? null : `Bearer ${key}`;
}

/** The server does not know who asks by what it was shown. */
export function closeFor(shown: string | null): void {
  // The answer to a key that was replaced meanwhile says nothing.
  if (shown === authorization()) lock.value = shown === null ? 'asked' : 'refused';
}

/** Shows this key from now on, or none; the page stays closed until `open`. */
export function showKey(key: string | null): void {
  held.value = key;
}

/** The key that is shown was accepted. */
export function open(): void {
  remember('key', held.peek() ?? '');
  lock.value = null;
}

/** Leaves this browser without a key. */
export function forgetKey(): void {
  held.value = null;
  forget('key');
  lock.value = 'asked';
}
