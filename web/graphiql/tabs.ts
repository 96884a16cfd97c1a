// The tabs that a first visit finds open. What people change in them is GraphiQL's to keep.

import { LAST_REQUESTED } from './fetcher.ts';
import cancel from './tabs/cancel.graphql?raw';
import history from './tabs/history.graphql?raw';
import queue from './tabs/queue.graphql?raw';
import request from './tabs/request.graphql?raw';
import watch from './tabs/watch.graphql?raw';

const json = (value: object) => JSON.stringify(value, null, 2);

// Big Buck Bunny by the Blender Foundation, free to use (Creative Commons Attribution).
const demoVideo = 'https://www.youtube.com/watch?v=aqz-KE-bpKQ';

/** In the order of use; a tab shows the name of its operation as its title. */
export const readyTabs = [
  { query: request, variables: json({ url: demoVideo, quality: 'KBPS_192' }) },
  { query: watch, variables: json({ id: LAST_REQUESTED }) },
  { query: cancel, variables: json({ id: LAST_REQUESTED }) },
  { query: history, variables: json({ first: 10 }) },
  { query: queue, variables: '' },
];

/**
 * Puts the open tab into the editors, in GraphiQL's own storage. On a first visit, because GraphiQL
 * takes the tabs from its property `defaultTabs` but leaves the variables of the one that it shows
 * empty. Later, because it stores tabs and editors at two moments, and a reload between the two
 * would open one tab more.
 */
export function seedEditors(storage: Storage): void {
  const tab: Tab | undefined = readOpenTab(storage);
  storage.setItem('graphiql:query', tab?.query ?? '');
  storage.setItem('graphiql:variables', tab?.variables ?? '');
  // Kept in the tabs only for those who have chosen so.
  if (tab?.headers) storage.setItem('graphiql:headers', tab.headers);
}

type Tab = {
  readonly query: string | null;
  readonly variables: string | null;
  readonly headers?: string | null;
};

/** What is stored may be of another version of GraphiQL, which then starts with the ready tabs. */
function readOpenTab(storage: Storage): Tab | undefined {
  const stored = storage.getItem('graphiql:tabState');
  if (stored === null) return readyTabs[0];
  try {
    const { tabs, activeTabIndex } = JSON.parse(stored) as { tabs: Tab[]; activeTabIndex: number };
    return tabs[activeTabIndex];
  } catch {
    return readyTabs[0];
  }
}
