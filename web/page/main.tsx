// The page's entry: starts what listens, then draws.

/// <reference types="vite/client" />

import './style/main.css';
import { render } from 'preact';
import { App } from './parts/frame/App.tsx';
import { openSheet } from './parts/frame/ShortcutSheet.tsx';
import { payOnLeaving } from './state/actions.ts';
import { startConnection } from './state/connection.ts';
import { loadMore } from './state/history.ts';
import { startNews } from './state/news.ts';
import { startPlayer } from './state/player.ts';
import { askForAddress } from './state/request.ts';
import { startRoute } from './state/route.ts';
import { startShortcuts } from './state/shortcuts.ts';
import { startTab } from './state/tab.ts';
import { startLanguage } from './texts/texts.ts';

// Without waiting for one another: the page is drawn while the answers are on their way.
startConnection();
void loadMore();
startTab();
startNews();
startRoute();
startPlayer();
payOnLeaving();
startShortcuts(openSheet);
await Promise.all([startLanguage(), fontIsHere()]);
askForAddress();

const root = document.querySelector('#root');
if (root === null) throw new Error('index.html has no #root');
root.replaceChildren();
render(<App />, root);

/** The font is on its way already (vite.config.ts); a late one is not worth an empty page. */
async function fontIsHere(): Promise<void> {
  const patience = new Promise((settle) => setTimeout(settle, 250));
  await Promise.race([document.fonts.load('1rem Bricolage').catch(() => {}), patience]);
}

// While it is developed: changed parts are drawn anew, and what the page knows stays.
import.meta.hot?.accept('./parts/frame/App.tsx', (changed) => {
  const Changed = changed?.['App'] as typeof App | undefined;
  if (Changed) render(<Changed />, root);
});
