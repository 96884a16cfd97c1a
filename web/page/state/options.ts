// How the MP3s shall be made, as chosen last in this browser.

import { signal } from '@preact/signals';
import type { AudioQuality } from '../api/documents.generated.ts';
import { recallJson, remember } from './memory.ts';

type Options = { readonly quality: AudioQuality; readonly embedThumbnail: boolean };

/** In the order of the choice; the first two are always to be seen. */
export const qualities: readonly AudioQuality[] = ['KBPS_192', 'KBPS_320', 'KBPS_128', 'VBR_BEST'];

/** The present choice. */
export const options = signal(recallOptions());

/** Changes the choice and remembers it. */
export function choose(change: Partial<Options>): void {
  options.value = { ...options.value, ...change };
  remember('options', JSON.stringify(options.value));
}

function recallOptions(): Options {
  const { quality, embedThumbnail } = (recallJson('options') ?? {}) as Partial<Options>;
  return {
    quality: qualities.find((known) => known === quality) ?? 'KBPS_192',
    embedThumbnail: embedThumbnail !== false,
  };
}
