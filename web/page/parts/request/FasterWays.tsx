// Shorter ways to this page: a bookmarklet for this server's own address, and the page as an app that
// other apps can share links with.

import { signal } from '@preact/signals';
import { say } from '../../state/notices.ts';
import { t } from '../../texts/texts.ts';
import { Icon } from '../Icon.tsx';

/** What Chromium hands out when the page can be installed; not in TypeScript's DOM. */
type InstallPrompt = Event & { prompt(): Promise<unknown> };

const installPrompt = signal<InstallPrompt | null>(null);
window.addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault();
  installPrompt.value = event as InstallPrompt;
});

// Opens the page rather than asking the API: the API answers no other site's scripts.
const bookmarklet = `javascript:void(open('${location.origin}/?url='+encodeURIComponent(location.href)))`;

export function FasterWays() {
  const texts = t().install;
  const prompt = installPrompt.value;
  return (
    <section class="faster" aria-labelledby="faster-title">
      <h2 id="faster-title">{texts.heading}</h2>
      <div class="faster-ways">
        <p>
          <a
            class="button bookmarklet"
            ref={(link) => link?.setAttribute('href', bookmarklet)}
            aria-describedby="bookmarklet-hint"
            onClick={(event) => {
              event.preventDefault();
              say(texts.bookmarkletHint);
            }}
          >
            {texts.bookmarklet}
          </a>
          <span id="bookmarklet-hint">{texts.bookmarkletHint}</span>
          <button class="text-button" type="button" onClick={() => void copyBookmarklet()}>
            {texts.bookmarkletCopy}
          </button>
        </p>
        {prompt !== null && (
          <p>
            <button class="button" type="button" onClick={() => void prompt.prompt()}>
              <Icon name="download" />
              {texts.app}
            </button>
            <span>{texts.appHint}</span>
          </p>
        )}
      </div>
    </section>
  );
}

async function copyBookmarklet(): Promise<void> {
  try {
    await navigator.clipboard.writeText(bookmarklet);
    say(t().details.copied);
  } catch {
    say(t().details.copyFailed, { isBad: true });
  }
}
