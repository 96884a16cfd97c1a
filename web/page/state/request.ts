// Asking for MP3s: from the text in the field to accepted jobs on the list, or to refusals beside the
// field with the text kept. No row is made before the server accepted.

import { batch, signal } from '@preact/signals';
import { RequestMp3Document, type RequestMp3ErrorCode } from '../api/documents.generated.ts';
import { NoAnswer, NotAllowed, send } from '../api/send.ts';
import { t } from '../texts/texts.ts';
import { bringBack } from './actions.ts';
import { lift, narrow, searched, shown } from './history.ts';
import { type Job, mergeJobs } from './jobs.ts';
import { readRequests } from './links.ts';
import { markMine } from './mine.ts';
import { say } from './notices.ts';
import { options } from './options.ts';
import { titleOf } from './words.ts';

type Refusal = {
  readonly link: string;
  readonly message: string;
  /** When the same may be accepted; null when waiting does not help, or nobody knows. */
  readonly retryAt: string | null;
};

/** What stands in the field. */
export const fieldText = signal('');
/** Why the last requests were refused; empty when they were not. */
export const refusals = signal<readonly Refusal[]>([]);
export const isAsking = signal(false);
/** The jobs that were accepted last, for a moment of light on their rows. */
export const freshIds = signal<readonly string[]>([]);

const mostLinks = 100;
const atOnce = 4;
const scrolledPx = 240;

type Answer = {
  readonly link: string;
  readonly job: Job | null;
  readonly isFound: boolean;
  readonly message: string;
  readonly retryAt: string | null;
};

/** A call that got no answer keeps its key, so that the same call is not made twice. */
const keys = new Map<string, string>();

/** Asks for everything in `text`; what is refused stays in the field. */
export async function ask(text: string): Promise<void> {
  if (isAsking.peek()) return;
  const links = readRequests(text);
  if (links.length === 0) {
    refuse(t().request.nothing);
    return;
  }
  batch(() => {
    isAsking.value = true;
    refusals.value = [];
    fieldText.value = text;
  });
  const answers = await askForAll(links.slice(0, mostLinks));
  const refused = answers.filter(({ job }) => job === null);
  const left = [...refused.map(({ link }) => link), ...links.slice(mostLinks)];
  batch(() => {
    isAsking.value = false;
    refusals.value = [
      ...refused.map(({ link, message, retryAt }) => ({ link, message, retryAt })),
      ...(links.length > mostLinks
        ? [{ link: '', message: t().request.tooMany(mostLinks), retryAt: null }]
        : []),
    ];
    // What was typed meanwhile is not ours to take; a single refused link keeps the text around it.
    if (fieldText.value === text && !(links.length === 1 && refused.length === 1)) {
      fieldText.value = left.join('\n');
    }
  });
  welcome(answers.filter(({ job }) => job !== null));
}

/** The pasted text of the clipboard button. */
export async function askForClipboard(): Promise<void> {
  const text = await navigator.clipboard.readText().catch(() => null);
  if (text === null) {
    refuse(t().request.clipboardRefused);
  } else if (text.trim() === '') {
    refuse(t().request.nothingInClipboard);
  } else {
    await ask(text);
  }
}

/** The link that the address of the page brought along, from a bookmarklet or a share target. */
export function askForAddress(): void {
  const parameters = new URLSearchParams(location.search);
  const brought = ['url', 'text', 'title'].map((name) => parameters.get(name) ?? '');
  if (location.pathname !== '/' || brought.every((text) => text === '')) return;
  // A reload shall not ask again.
  history.replaceState(null, '', '/');
  // Android puts the link into `text` more often than into `url`.
  void ask(brought.find((text) => /\w[./:]\w/u.test(text)) ?? brought.join(' '));
}

function refuse(message: string): void {
  refusals.value = [{ link: '', message, retryAt: null }];
}

async function askForAll(links: readonly string[]): Promise<Answer[]> {
  const waiting = [...links.entries()].toReversed();
  const answers: Answer[] = [];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        answers[next[0]] = await askFor(next[1]);
      }
    }),
  );
  return answers;
}

async function askFor(link: string): Promise<Answer> {
  const choice = options.peek();
  const call = JSON.stringify([link, choice]);
  const idempotencyKey = keys.get(call) ?? newKey();
  keys.set(call, idempotencyKey);
  const refused = (message: string, retryAt: string | null = null): Answer => ({
    ...{ link, job: null, isFound: false, message, retryAt },
  });
  try {
    const variables = { url: link, options: choice, idempotencyKey };
    const { requestMp3: payload } = await send(RequestMp3Document, variables);
    if (payload === null) return refused(t().request.unreachable);
    keys.delete(call);
    const { job, outcome, userErrors } = payload;
    if (job === null) {
      const latest = userErrors
        .flatMap(({ retryAt }) => retryAt ?? [])
        .toSorted()
        .at(-1);
      return refused(userErrors.map(inOurWords).join(' '), latest ?? null);
    }
    // At once, so that the row is there while others are still asked for.
    batch(() => {
      markMine(job.id);
      bringBack([job.id]);
      mergeJobs([job]);
      if (shown.peek() !== 'all' || searched.peek() !== '') narrow({ shown: 'all', searched: '' });
      if (outcome !== 'CREATED') lift(job.id);
      freshIds.value = [...freshIds.value, job.id];
    });
    setTimeout(() => (freshIds.value = freshIds.value.filter((id) => id !== job.id)), 2_500);
    const found = { REUSED: t().request.reused, JOINED: t().request.joined };
    const sentence = found[outcome as keyof typeof found] ?? t().request.added;
    const message = sentence(titleOf(job));
    return { link, job, isFound: outcome !== 'CREATED', message, retryAt: null };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    if (!(error instanceof NotAllowed)) return refused(t().request.unreachable);
    return refused(error.isKnown ? error.message : t().key.missing);
  }
}

/** Says what the eye may miss: that it was there before, or that the row is above the window. */
function welcome(accepted: readonly Answer[]): void {
  const [first] = accepted;
  const isAbove = window.scrollY > scrolledPx;
  if (first === undefined || !(isAbove || accepted.some(({ isFound }) => isFound))) return;
  const text = accepted.length === 1 ? first.message : t().request.addedMany(accepted.length);
  const show = { label: t().request.show, run: () => window.scrollTo({ top: 0 }) };
  say(text, { action: isAbove ? show : null });
}

function inOurWords({ code, message }: { code: RequestMp3ErrorCode; message: string }): string {
  return t().refusals[code] ?? message;
}

/** Not crypto.randomUUID(): that one is missing on plain-HTTP addresses of a home network. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
