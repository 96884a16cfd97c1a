// Which jobs this browser asked for. In open access everybody shares one history; the title of the tab,
// notifications and announcements speak of one's own jobs only.

import { recallJson, remember } from './memory.ts';

const mostRemembered = 300;

const ids: string[] = recallIds();

export function markMine(id: string): void {
  if (ids.includes(id)) return;
  ids.unshift(id);
  ids.length = Math.min(ids.length, mostRemembered);
  remember('requested', JSON.stringify(ids));
}

export const isMine = (id: string): boolean => ids.includes(id);

function recallIds(): string[] {
  const stored = recallJson('requested');
  return Array.isArray(stored) ? stored.filter((id) => typeof id === 'string') : [];
}
