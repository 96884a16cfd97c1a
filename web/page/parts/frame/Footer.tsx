// The bottom of every page: one reminder, and the way to another key where there is one.

import { hasKey, lock } from '../../state/access.ts';
import { leave } from '../../state/entry.ts';
import { t } from '../../texts/texts.ts';

export function Footer() {
  return (
    <footer class="footer">
      <p>{t().page.reminder}</p>
      {hasKey() && lock.value === null && (
        <button class="text-button" type="button" onClick={leave}>
          {t().key.forget}
        </button>
      )}
    </footer>
  );
}
