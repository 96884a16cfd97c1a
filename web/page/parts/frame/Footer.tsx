// The bottom of every page: one reminder.

import { t } from '../../texts/texts.ts';

export function Footer() {
  return (
    <footer class="footer">
      <p>{t().page.reminder}</p>
    </footer>
  );
}
