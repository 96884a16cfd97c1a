// Says whether what is shown is live. While it is not, a sentence says what that means, and a button
// spares the waiting.

import { connection } from '../../state/connection.ts';
import { reconnect } from '../../api/follow.ts';
import { now } from '../../state/clock.ts';
import { t } from '../../texts/texts.ts';

/** In the top of every page: a word, and a light. */
export function ConnectionSign() {
  const { kind } = connection.value;
  return (
    <div class="connection" data-kind={kind}>
      <p class="connection-word">
        <span class="connection-light" aria-hidden="true" />
        <span class="unseen">{t().connection.label}: </span>
        {t().connection[kind]}
      </p>
    </div>
  );
}

/** In the corner: what it means when the page is not live. The counting seconds are not read out. */
export function ConnectionTrouble() {
  const { kind } = connection.value;
  const texts = t().connection;
  const isTrouble = kind === 'polling' || kind === 'unreachable';
  const sentence = kind === 'polling' ? texts.pollingLong : texts.unreachableLong;
  return (
    <div class={isTrouble ? 'trouble' : ''} data-kind={kind}>
      <p role="status">{isTrouble && sentence}</p>
      {isTrouble && (
        <p class="trouble-next">
          <NextTry />
          <button class="text-button" type="button" onClick={reconnect}>
            {texts.tryNow}
          </button>
        </p>
      )}
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
