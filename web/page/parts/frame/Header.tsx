// The top of every page: its name, the way to the other page, and the truth about the connection.

import { follow, route } from '../../state/route.ts';
import { notifying, toggleNotifying } from '../../state/notifications.ts';
import { t } from '../../texts/texts.ts';
import { Icon } from '../Icon.tsx';
import { ConnectionSign } from './ConnectionSign.tsx';
import { LanguageSwitch } from './LanguageSwitch.tsx';
import { openSheet } from './ShortcutSheet.tsx';

export function Header() {
  const { page, shortcuts } = t();
  return (
    <header class="header">
      <a class="wordmark" href="/" onClick={follow} aria-label={page.home}>
        <Mark />
        <span>{page.name}</span>
      </a>
      <nav class="header-nav" aria-label={page.navigation}>
        <PageLink to="/" isCurrent={route.value === 'convert'} name={page.convert} />
        <PageLink to="/queue" isCurrent={route.value === 'queue'} name={page.queue} />
        <a href="/graphiql">{page.api}</a>
      </nav>
      <div class="header-end">
        <ConnectionSign />
        <LanguageSwitch />
        <NotifyButton />
        <button class="quiet-button header-keys" type="button" onClick={openSheet}>
          <Icon name="keyboard" />
          <span class="unseen">{shortcuts.open}</span>
        </button>
      </div>
    </header>
  );
}

function PageLink(link: {
  readonly to: string;
  readonly isCurrent: boolean;
  readonly name: string;
}) {
  return (
    <a href={link.to} onClick={follow} aria-current={link.isCurrent ? 'page' : undefined}>
      {link.name}
    </a>
  );
}

/** Two reels and the tape between them. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 44 24" aria-hidden="true">
      <path d="M10 22h24" />
      {[11, 33].map((x) => (
        <g key={x} transform={`translate(${x} 12)`}>
          <circle r="9.5" />
          <path d="M0-6v4M5.2 3 1.7 1M-5.2 3-1.7 1" />
        </g>
      ))}
    </svg>
  );
}

function NotifyButton() {
  if (notifying.value === 'impossible') return null;
  const isOn = notifying.value === 'on';
  return (
    <button
      class="quiet-button"
      type="button"
      aria-pressed={isOn}
      title={isOn ? t().notify.off : t().notify.on}
      onClick={() => void toggleNotifying()}
    >
      <Icon name={isOn ? 'bellOn' : 'bell'} />
      <span class="unseen">{t().notify.on}</span>
    </button>
  );
}
