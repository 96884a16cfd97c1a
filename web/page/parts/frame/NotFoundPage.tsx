// For addresses that lead nowhere: what happened, and where to go on.

import { follow } from '../../state/route.ts';
import { t } from '../../texts/texts.ts';
import { Cassette } from '../Cassette.tsx';

export function NotFoundPage() {
  const { heading, text, home } = t().notFound;
  return (
    <section class="nowhere">
      <Cassette fraction={0} isTurning={false} label="404" />
      <div>
        <h1 tabIndex={-1}>{heading}</h1>
        <p>{text}</p>
        <p class="nowhere-address">
          <code>{location.pathname}</code>
        </p>
        <p class="nowhere-ways">
          <a class="button button-main" href="/" onClick={follow}>
            {home}
          </a>
          <a class="button" href="/queue" onClick={follow}>
            {t().page.queue}
          </a>
          <a class="button" href="/graphiql">
            {t().page.api}
          </a>
        </p>
      </div>
    </section>
  );
}
