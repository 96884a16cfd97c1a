// The language of the page: the browser's own unless the reader chose another, and its texts. English
// is at hand at once; every other language is fetched when it is wanted.

import { computed, signal } from '@preact/signals';
import { recall, remember } from '../state/memory.ts';
import { en, type Texts } from './en.ts';

const loaders = {
  en: async () => en,
  es: async () => (await import('./es.ts')).es,
} satisfies Record<string, () => Promise<Texts>>;

type LanguageCode = keyof typeof loaders;

/** Each language by its code, named in its own words. */
export const languages: Readonly<Record<LanguageCode, string>> = { en: 'English', es: 'Español' };

const current = signal<Texts>(en);

/** The texts of the present language; a component that reads them follows a change of language. */
export const t = (): Texts => current.value;

/** The code of the present language. */
export const locale = computed(() => current.value.language.code);

/** For Intl: the same as the browser has it, which knows whether 14:03 or 2:03 PM is read where the reader lives. */
export const region = computed(
  () => navigator.languages.find((tag) => tag.slice(0, 2) === locale.value) ?? locale.value,
);

/** Takes up the chosen language, else the first of the browser's that there is, else English. */
export async function startLanguage(): Promise<void> {
  const wanted = [recall('language'), ...navigator.languages].map((tag) => tag?.slice(0, 2));
  await showLanguage(wanted.find(isKnown) ?? 'en');
}

/** Changes the language and remembers it in this browser. */
export async function chooseLanguage(code: string): Promise<void> {
  if (!isKnown(code)) return;
  remember('language', code);
  await showLanguage(code);
}

async function showLanguage(code: LanguageCode): Promise<void> {
  // Without its file the page goes on in English.
  current.value = await loaders[code]().catch(() => en);
  document.documentElement.lang = current.value.language.code;
}

function isKnown(code: string | null | undefined): code is LanguageCode {
  return code != null && Object.hasOwn(loaders, code);
}
