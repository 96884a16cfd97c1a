// Short news that stand in a corner for a while, some with something to do. Each stays as long as
// somebody reads it: the time stops under the pointer and with the keyboard in it.

import { signal } from '@preact/signals';

export type Notice = {
  readonly id: number;
  readonly text: string;
  readonly isBad: boolean;
  readonly action: { readonly label: string; run(): void } | null;
  /** Called once, when the notice goes without its action having been taken. */
  readonly onGone: () => void;
};

const shortMs = 5_000;
const withActionMs = 10_000;

/** The oldest first. */
export const notices = signal<readonly Notice[]>([]);

const timers = new Map<number, ReturnType<typeof setTimeout>>();
let lastId = 0;

/** Shows a notice; answers what takes it away again. */
export function say(
  text: string,
  { isBad = false, action = null, onGone = () => {} }: Partial<Omit<Notice, 'id' | 'text'>> = {},
): () => void {
  lastId += 1;
  const notice: Notice = { id: lastId, text, isBad, action, onGone };
  notices.value = [...notices.value, notice];
  resume(notice);
  return () => dismiss(notice);
}

/** Stops the time of a notice. */
export function hold({ id }: Notice): void {
  clearTimeout(timers.get(id));
}

/** Starts its time anew. */
export function resume(notice: Notice): void {
  hold(notice);
  const lastsMs = notice.action === null && !notice.isBad ? shortMs : withActionMs;
  timers.set(
    notice.id,
    setTimeout(() => dismiss(notice), lastsMs),
  );
}

/** Takes the notice away, as its time would. */
export function dismiss(notice: Notice): void {
  if (remove(notice)) notice.onGone();
}

/** Does what the notice offers. */
export function take(notice: Notice): void {
  if (remove(notice)) notice.action?.run();
}

function remove(notice: Notice): boolean {
  hold(notice);
  timers.delete(notice.id);
  const isThere = notices.peek().includes(notice);
  notices.value = notices.peek().filter((other) => other !== notice);
  return isThere;
}
