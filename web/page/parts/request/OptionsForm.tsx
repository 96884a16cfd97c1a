// How the MP3 shall be made: the common choice in sight, the rest folded.

import { useSignal } from '@preact/signals';
import type { AudioQuality } from '../../api/documents.generated.ts';
import { choose, options, qualities } from '../../state/options.ts';
import { t } from '../../texts/texts.ts';

const common = 2;

export function OptionsForm() {
  const isOpen = useSignal(false);
  const texts = t().options;
  const { quality, embedThumbnail } = options.value;
  const rest = qualities.slice(common);
  // A rarer choice that was made is in sight also while the rest is folded.
  const seen = [
    ...qualities.slice(0, common),
    ...rest.filter((choice) => !isOpen.value && choice === quality),
  ];
  return (
    <fieldset class="options">
      <legend class="unseen">{texts.legend}</legend>
      <div class="choices">
        {seen.map((choice) => (
          <Quality key={choice} quality={choice} isChosen={choice === quality} />
        ))}
        <button
          class="text-button"
          type="button"
          aria-expanded={isOpen.value}
          onClick={() => (isOpen.value = !isOpen.value)}
        >
          {isOpen.value ? texts.less : texts.more}
          {!isOpen.value && !embedThumbnail && ` (${texts.withoutCover})`}
        </button>
      </div>
      {isOpen.value && (
        <div class="more-options">
          <div class="choices">
            {rest.map((choice) => (
              <Quality key={choice} quality={choice} isChosen={choice === quality} />
            ))}
          </div>
          <label class="check">
            <input
              type="checkbox"
              checked={embedThumbnail}
              onChange={({ currentTarget }) => choose({ embedThumbnail: currentTarget.checked })}
            />
            {texts.cover}
          </label>
          <p>{texts.remembered}</p>
        </div>
      )}
    </fieldset>
  );
}

function Quality({
  quality,
  isChosen,
}: {
  readonly quality: AudioQuality;
  readonly isChosen: boolean;
}) {
  const texts = t().options;
  return (
    <label class="choice">
      <input type="radio" name="quality" checked={isChosen} onChange={() => choose({ quality })} />
      <span class="choice-name">{texts.quality[quality]}</span>{' '}
      <span class="choice-detail">{texts.rate[quality]}</span>
    </label>
  );
}
