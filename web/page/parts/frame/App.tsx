// The frame around the pages: what is on all of them, and which of them is shown.

import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { lock } from '../../state/access.ts';
import { spoken } from '../../state/news.ts';
import { route } from '../../state/route.ts';
import { t } from '../../texts/texts.ts';
import { ConvertPage } from '../ConvertPage.tsx';
import { Player } from '../player/Player.tsx';
import { ConnectionTrouble } from './ConnectionSign.tsx';
import { Footer } from './Footer.tsx';
import { Header } from './Header.tsx';
import { KeyPage } from './KeyPage.tsx';
import { NotFoundPage } from './NotFoundPage.tsx';
import { Notices } from './Notices.tsx';
import { ShortcutSheet } from './ShortcutSheet.tsx';

/** Fetched when it is first looked at: most people never do. */
const queuePage = signal<ComponentType | null>(null);

export function App() {
  return (
    <>
      <a class="skip" href="#main">
        {t().page.skip}
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        <Page />
      </main>
      <Footer />
      <Player />
      <div class="corner">
        <ConnectionTrouble />
        <Notices />
      </div>
      <ShortcutSheet />
      <p class="unseen" role="status">
        {spoken}
      </p>
    </>
  );
}

function Page() {
  if (route.value === 'nowhere') return <NotFoundPage />;
  if (lock.value !== null) return <KeyPage />;
  if (route.value === 'convert') return <ConvertPage />;
  const QueuePage = queuePage.value;
  if (QueuePage !== null) return <QueuePage />;
  void import('../queue/QueuePage.tsx').then(({ QueuePage: loaded }) => {
    queuePage.value = loaded;
  });
  return null;
}
