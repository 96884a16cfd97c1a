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
 * Puts the first tab into the editors on a first visit, in GraphiQL's own storage. GraphiQL takes
 * the tabs from its property `defaultTabs`, but leaves the variables of the one that it shows empty.
 */
export function seedFirstVisit(storage: Storage): void {
  const [first] = readyTabs;
  if (first === undefined || storage.getItem('graphiql:tabState') !== null) return;
  storage.setItem('graphiql:query', first.query);
  storage.setItem('graphiql:variables', first.variables);
}
