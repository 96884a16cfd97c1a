// Copies a text and says that it did.

import { say } from '../../state/notices.ts';
import { t } from '../../texts/texts.ts';
import { Icon } from '../Icon.tsx';

export function CopyButton({ word, text }: { readonly word: string; text(): string }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      say(t().details.copied);
    } catch {
      say(t().details.copyFailed, { isBad: true });
    }
  };
  return (
    <button class="text-button" type="button" onClick={() => void copy()}>
      <Icon name="copy" />
      {word}
    </button>
  );
}
