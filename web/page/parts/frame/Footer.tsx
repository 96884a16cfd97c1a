// The bottom of every page: the API for programs, and a reminder.

import { t } from '../../texts/texts.ts';

export function Footer() {
  return (
    <footer class="footer">
      <p>{t().footer.source}</p>
      <nav aria-label={t().footer.label}>
        <a href="/graphiql">{t().page.api}</a>
      </nav>
    </footer>
  );
}
