// Says whether what is shown is live. While it is not, a sentence says what that means, and a button
// spares the waiting.

import { connection } from '../../state/connection.ts';
import { lock } from '../../state/access.ts';
import { reconnect } from '../../api/follow.ts';
import { now } from '../../state/clock.ts';
import { t } from '../../texts/texts.ts';

/** In the top of every page: a word, and a light. */
export function ConnectionSign() {
  const kind = lock.value === null ? connection.value.kind : 'locked';
  return (
    <div class="connection" data-kind={kind}>
      <p class="connection-word" role="status" aria-label={t().connection.label}>
        <span class="connection-light" aria-hidden="true" />
        {t().connection[kind]}
      </p>
    </div>
  );
}

/** In the corner: what it means when the page is not live. The word above is what is read out. */
export function ConnectionTrouble() {
  const { kind } = connection.value;
  if (kind === 'live' || kind === 'connecting' || lock.value !== null) return null;
  const texts = t().connection;
  return (
    <div class="trouble" data-kind={kind}>
      <p>{kind === 'polling' ? texts.pollingLong : texts.unreachableLong}</p>
      <p class="trouble-next">
        <NextTry />
        <button class="text-button" type="button" onClick={reconnect}>
          {texts.tryNow}
        </button>
      </p>
    </div>
  );
}

function NextTry() {
  const state = connection.value;
  // Read for its ticking; the try is planned by this machine's clock.
  void now.value;
  if (!('nextTryAt' in state)) return null;
  const seconds = Math.max(0, Math.ceil((state.nextTryAt - Date.now()) / 1000));
  return <span class="figures">{t().connection.nextTry(seconds)}</span>;
}
