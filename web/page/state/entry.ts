// Coming in with a key, and going out again: the page holds nothing of one key's owner when another's comes.

import { HistoryIdsDocument } from '../api/documents.generated.ts';
import { reconnect } from '../api/follow.ts';
import { NotAllowed, send } from '../api/send.ts';
import { forgetKey, lock, open, showKey } from './access.ts';
import { forgetAll, loadMore } from './history.ts';
import { closePlayer } from './player.ts';

/** Tries a key, and opens the page when it fits. */
export async function enter(key: string): Promise<'open' | 'refused' | 'unreachable'> {
  showKey(key);
  try {
    await send(HistoryIdsDocument, { after: null, filter: null });
  } catch (error) {
    // Known, and not allowed to read: it may still ask for MP3s.
    if (!(error instanceof NotAllowed && error.isKnown)) {
      showKey(null);
      lock.value = error instanceof NotAllowed ? 'refused' : 'asked';
      return error instanceof NotAllowed ? 'refused' : 'unreachable';
    }
  }
  open();
  forgetAll();
  void loadMore();
  reconnect();
  return 'open';
}

/** Forgets the key, and all that was seen with it. */
export function leave(): void {
  forgetKey();
  closePlayer();
  forgetAll();
  reconnect();
}
