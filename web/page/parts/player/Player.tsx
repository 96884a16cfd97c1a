// The deck at the bottom of every page, there as soon as something was played.

import { playableIds } from '../../state/history.ts';
import type { Job } from '../../state/jobs.ts';
import * as deck from '../../state/player.ts';
import { titleOf, trackTime } from '../../state/words.ts';
import { t } from '../../texts/texts.ts';
import { Icon, type IconName } from '../Icon.tsx';
import { Thumbnail } from '../Thumbnail.tsx';

export function Player() {
  const job = deck.track.value;
  if (job === null) return null;
  const texts = t().player;
  const ids = playableIds.value;
  const place = ids.indexOf(job.id);
  return (
    <section class="player" aria-label={texts.label}>
      <Now job={job} />
      <div class="player-keys">
        <Key name="previous" word={texts.previous} isOff={false} run={() => deck.step(-1)} />
        <button class="button button-main player-play" type="button" onClick={deck.toggleTrack}>
          <Icon name={deck.isPlaying.value ? 'pause' : 'play'} />
          <span class="unseen">{deck.isPlaying.value ? texts.pause : texts.play}</span>
        </button>
        <Key
          name="next"
          word={texts.next}
          isOff={place === -1 || place === ids.length - 1}
          run={() => deck.step(1)}
        />
      </div>
      <Seek />
      <div class="player-end">
        <Volume />
        {job.result !== null && (
          <a class="quiet-button" href={job.result.url} download={job.result.fileName}>
            <Icon name="download" />
            <span class="unseen">{t().job.named(t().job.download, titleOf(job))}</span>
          </a>
        )}
        <Key name="cross" word={texts.close} isOff={false} run={deck.closePlayer} />
      </div>
    </section>
  );
}

function Now({ job }: { readonly job: Job }) {
  return (
    <div class="player-now">
      <Thumbnail key={job.id} job={job} />
      <div class="player-words">
        <p class="player-title">{titleOf(job)}</p>
        <p class="player-artist">{job.source?.uploader}</p>
      </div>
    </div>
  );
}

type KeyProps = {
  readonly name: IconName;
  readonly word: string;
  readonly isOff: boolean;
  run(): void;
};

function Key({ name, word, isOff, run }: KeyProps) {
  return (
    <button class="quiet-button" type="button" disabled={isOff} onClick={run}>
      <Icon name={name} />
      <span class="unseen">{word}</span>
    </button>
  );
}

function Seek() {
  const { position, duration, seek } = deck;
  const [at, of] = [trackTime(position.value), trackTime(duration.value)];
  return (
    <div class="seek">
      <span class="figures" aria-hidden="true">
        {at}
      </span>
      <input
        type="range"
        min={0}
        max={Math.max(duration.value, 1)}
        step={1}
        value={position.value}
        disabled={!deck.canSeek.value}
        aria-label={t().player.seek}
        aria-valuetext={t().player.position(at, of)}
        style={{ '--share': `${(position.value / Math.max(duration.value, 1)) * 100}%` }}
        onInput={({ currentTarget }) => seek(currentTarget.valueAsNumber)}
      />
      <span class="figures" aria-hidden="true">
        {of}
      </span>
    </div>
  );
}

function Volume() {
  const { volume, setVolume } = deck;
  return (
    <label class="volume">
      <Icon name="volume" />
      <span class="unseen">{t().player.volume}</span>
      <input
        type="range"
        min={0}
        max={1}
        step={0.05}
        value={volume.value}
        style={{ '--share': `${volume.value * 100}%` }}
        onInput={({ currentTarget }) => setVolume(currentTarget.valueAsNumber)}
      />
    </label>
  );
}
