// The sheet that `?` opens: what the keys do, and the switch that turns them off.

import { useEffect, useRef } from 'preact/hooks';
import { signal } from '@preact/signals';
import { hasSingleKeys, setSingleKeys } from '../../state/shortcuts.ts';
import { t } from '../../texts/texts.ts';
import { Icon } from '../Icon.tsx';

const isOpen = signal(false);

export const openSheet = (): void => {
  isOpen.value = true;
};

const close = (): void => {
  isOpen.value = false;
};

type KeyName = keyof ReturnType<typeof t>['shortcuts']['keys'];
type Row = readonly [keys: readonly string[], what: KeyName];

const everywhere: readonly Row[] = [
  [['Ctrl V'], 'paste'],
  [['/'], 'field'],
  [['Enter'], 'start'],
  [['Shift Enter'], 'line'],
  [['Esc'], 'clear'],
  [['F'], 'search'],
  [['J'], 'down'],
  [['K'], 'up'],
  [['Space'], 'toggle'],
  [['N', 'Shift N'], 'nextTrack'],
  [['?'], 'sheet'],
];
const onTape: readonly Row[] = [
  [['Enter'], 'enter'],
  [['P'], 'play'],
  [['D'], 'download'],
  [['C', 'R'], 'cancelRetry'],
  [['Del'], 'remove'],
];

export function ShortcutSheet() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen.value]);
  const texts = t().shortcuts;
  return (
    <dialog class="sheet" ref={dialog} aria-labelledby="sheet-title" onClose={close}>
      <header>
        <h2 id="sheet-title">{texts.open}</h2>
        <button class="quiet-button" type="button" onClick={close}>
          <Icon name="cross" />
          <span class="unseen">{texts.close}</span>
        </button>
      </header>
      <label class="check">
        <input
          type="checkbox"
          checked={hasSingleKeys.value}
          onChange={({ currentTarget }) => setSingleKeys(currentTarget.checked)}
        />
        {texts.enabled}
      </label>
      <div class="sheet-columns">
        <Keys heading={texts.everywhere} rows={everywhere} />
        <Keys heading={texts.onTape} rows={onTape} />
      </div>
    </dialog>
  );
}

function Keys({ heading, rows }: { readonly heading: string; readonly rows: readonly Row[] }) {
  return (
    <section>
      <h3>{heading}</h3>
      <dl class="keys">
        {rows.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t().shortcuts.keys[what]}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
