// In the place of every page while the server asks for a key: one field, and where a key comes from.

import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { lock } from '../../state/access.ts';
import { enter } from '../../state/entry.ts';
import { t } from '../../texts/texts.ts';
import { Cassette } from '../Cassette.tsx';
import { Icon } from '../Icon.tsx';

export function KeyPage() {
  const field = useRef<HTMLInputElement>(null);
  const texts = t().key;
  const [isBusy, isUnreachable] = [useSignal(false), useSignal(false)];
  const isRefused = lock.value === 'refused';
  const start = async (key: string) => {
    if (key === '' || isBusy.peek()) return field.current?.focus();
    isBusy.value = true;
    isUnreachable.value = (await enter(key)) === 'unreachable';
    isBusy.value = false;
    field.current?.select();
  };
  const fault = isUnreachable.value ? texts.unreachable : isRefused ? texts.refused : null;
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  return (
    <section class="key-page">
      <Cassette fraction={0} isTurning={false} label={t().page.name} />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void start(field.current?.value.trim() ?? '');
        }}
      >
        <h1 tabIndex={-1}>{texts.heading}</h1>
        <p id="key-hint">{texts.hint}</p>
        <div class="slot" data-refused={fault !== null}>
          <label class="unseen" for="key">
            {texts.field}
          </label>
          <input
            id="key"
            ref={field}
            type="password"
            autocomplete="current-password"
            autocapitalize="none"
            spellcheck={false}
            placeholder={texts.placeholder}
            aria-describedby="key-hint key-refusal"
            aria-invalid={fault !== null}
          />
          <button class="button button-main" type="submit" aria-busy={isBusy.value}>
            {texts.open}
          </button>
        </div>
        <div class="refusals" id="key-refusal" role="alert">
          {fault !== null && (
            <p class="refusal">
              <Icon name="alert" />
              <span>{fault}</span>
            </p>
          )}
        </div>
        <p class="promise">{texts.remembered}</p>
      </form>
    </section>
  );
}
