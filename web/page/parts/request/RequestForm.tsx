// The field and its button. A pasted link starts by itself; what is refused stays in the field, with the
// reason beside it.

import { useRef } from 'preact/hooks';
import { findLinks } from '../../state/links.ts';
import { ask, askForClipboard, fieldText, isAsking, refusals } from '../../state/request.ts';
import { now } from '../../state/clock.ts';
import { stretch } from '../../state/words.ts';
import { t } from '../../texts/texts.ts';
import { Icon } from '../Icon.tsx';
import { OptionsForm } from './OptionsForm.tsx';

const mostRows = 8;
/** Only pages of https, and of this machine, may read the clipboard. */
const mayReadClipboard = navigator.clipboard !== undefined && 'readText' in navigator.clipboard;

export function RequestForm() {
  const field = useRef<HTMLTextAreaElement>(null);
  const texts = t().request;
  const text = fieldText.value;

  const start = async (pasted: string) => {
    await ask(pasted);
    if (refusals.peek().length > 0) field.current?.focus();
  };
  const takeKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      void start(text);
    } else if (event.key === 'Escape') {
      fieldText.value = '';
      refusals.value = [];
    }
  };
  const takePaste = (event: ClipboardEvent) => {
    const pasted = event.clipboardData?.getData('text') ?? '';
    // Into a text that is being written it is only inserted.
    if (text.trim() !== '' || findLinks(pasted).length === 0) return;
    event.preventDefault();
    void start(pasted);
  };

  return (
    <form
      class="request"
      onSubmit={(event) => {
        event.preventDefault();
        void start(text);
      }}
    >
      <div class="slot" data-refused={refusals.value.length > 0}>
        <label class="unseen" for="link">
          {texts.field}
        </label>
        <textarea
          id="link"
          ref={field}
          rows={Math.min(text.split('\n').length, mostRows)}
          wrap="off"
          value={text}
          placeholder={texts.placeholder}
          aria-describedby="promise refusals"
          aria-invalid={refusals.value.length > 0}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          enterkeyhint="go"
          onInput={({ currentTarget }) => (fieldText.value = currentTarget.value)}
          onKeyDown={takeKey}
          onPaste={takePaste}
        />
        {text === '' && mayReadClipboard && !isAsking.value ? (
          <button
            class="button button-main"
            type="button"
            title={texts.pasteHint}
            onClick={() => void askForClipboard().then(() => field.current?.focus())}
          >
            <Icon name="paste" />
            {texts.paste}
          </button>
        ) : (
          <button class="button button-main" type="submit" aria-busy={isAsking.value}>
            {isAsking.value ? texts.converting : texts.convert}
          </button>
        )}
      </div>
      <Refusals />
      <p class="promise" id="promise">
        {texts.promise}
      </p>
      <OptionsForm />
    </form>
  );
}

function Refusals() {
  const all = refusals.value;
  const isMany = all.length > 1;
  return (
    <div class="refusals" id="refusals" role="alert">
      {isMany && <p>{t().request.refusedSome(all.length)}</p>}
      {all.map(({ link, message, retryAt }) => (
        <p key={link} class="refusal">
          <Icon name="alert" />
          <span>
            {isMany && link !== '' && <code>{link}</code>} {message}{' '}
            {retryAt !== null && <Wait until={retryAt} />}
          </span>
        </p>
      ))}
    </div>
  );
}

/** Counts down to when the same may be accepted. Not read out: each second would be. */
function Wait({ until }: { readonly until: string }) {
  const seconds = Math.ceil((Date.parse(until) - now.value) / 1000);
  return (
    <span class="figures" aria-live="off">
      {seconds > 0 ? t().request.retryIn(stretch(seconds)) : t().request.retryNow}
    </span>
  );
}
