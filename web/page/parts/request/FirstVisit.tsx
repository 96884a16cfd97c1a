// What a first visit finds in the place of the list: one example to try, and three lines on what happens.

import { ask } from '../../state/request.ts';
import { t } from '../../texts/texts.ts';
import { Icon } from '../Icon.tsx';

// By the Blender Foundation, free to use (Creative Commons Attribution).
const example = 'https://www.youtube.com/watch?v=aqz-KE-bpKQ';

export function FirstVisit() {
  const texts = t().first;
  return (
    <section class="first" aria-labelledby="first-title">
      <h2 class="unseen" id="first-title">
        {texts.heading}
      </h2>
      <p class="example">
        {texts.example}:{' '}
        <button class="button" type="button" onClick={() => void tryExample()}>
          <Icon name="play" />
          {texts.exampleName}
        </button>
      </p>
      <ol class="steps">
        {texts.steps.map(([name, text]) => (
          <li key={name}>
            <h3>{name}</h3>
            <p>{text}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** This button goes with the first row; the keyboard goes to the field. */
async function tryExample(): Promise<void> {
  await ask(example);
  document.querySelector<HTMLElement>('#link')?.focus();
}
