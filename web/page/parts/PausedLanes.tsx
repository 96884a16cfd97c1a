// Says for each site that refuses this server that its tapes wait, and until when: else they would seem stuck.

import { pausedLanes } from '../state/lanes.ts';
import { clockTime } from '../state/words.ts';
import { t } from '../texts/texts.ts';
import { Icon } from './Icon.tsx';

export function PausedLanes() {
  return (
    <div class="lanes" role="status">
      {pausedLanes.value.map(({ site, until, waiting }) => (
        <p key={site} class="lane">
          <Icon name="clock" />
          <span>{t().list.paused(site, waiting, clockTime(until))}</span>
        </p>
      ))}
    </div>
  );
}
