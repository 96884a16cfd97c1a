// Why jobs failed for good in the last hour, and what helps against it.

import type { JobFailureCode } from '../../api/documents.generated.ts';
import { t } from '../../texts/texts.ts';

type Count = { readonly code: JobFailureCode; readonly count: number };

export function Failures({ counts }: { readonly counts: readonly Count[] }) {
  const texts = t().queue;
  const most = Math.max(...counts.map(({ count }) => count), 1);
  return (
    <section class="causes" aria-labelledby="causes-title">
      <h2 id="causes-title">{texts.failures}</h2>
      {counts.length === 0 && <p class="queue-quiet">{texts.noFailures}</p>}
      <ul role="list">
        {counts.map(({ code, count }) => (
          <li key={code}>
            <code>{code}</code>
            <span class="cause-bar" aria-hidden="true">
              <span style={{ transform: `scaleX(${count / most})` }} />
            </span>
            <span class="cause-count figures">{count}</span>
            <span class="cause-advice">{t().advice[code] ?? t().advice.INTERNAL}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
