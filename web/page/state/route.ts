// Which page is shown. Going from one to the other loads nothing anew, so the music plays on.

import { signal } from '@preact/signals';

export type Route = 'convert' | 'queue' | 'nowhere';

const routes: Readonly<Record<string, Route>> = { '/': 'convert', '/queue': 'queue' };

const read = (): Route => routes[location.pathname] ?? 'nowhere';

export const route = signal<Route>(read());

export function startRoute(): void {
  window.addEventListener('popstate', () => (route.value = read()));
}

/** For links within the page; a click that asks for a tab of its own is the browser's. */
export function follow(event: MouseEvent & { currentTarget: HTMLAnchorElement }): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  event.preventDefault();
  goTo(event.currentTarget.pathname);
}

export function goTo(pathname: string): void {
  if (pathname === location.pathname) return;
  history.pushState(null, '', pathname);
  route.value = read();
  window.scrollTo({ top: 0, behavior: 'instant' });
  // The new page begins with its heading, for readers of screens too.
  setTimeout(() => document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true }));
}
