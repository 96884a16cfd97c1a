// The corner of short news. It lies over the page and moves nothing.

import { dismiss, hold, type Notice, notices, resume, take } from '../../state/notices.ts';
import { t } from '../../texts/texts.ts';
import { Icon } from '../Icon.tsx';

export function Notices() {
  return (
    <div class="notices" role="log" aria-live="polite" aria-relevant="additions">
      {notices.value.map((notice) => (
        <NoticeCard key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function NoticeCard({ notice }: { readonly notice: Notice }) {
  return (
    <div
      class={notice.isBad ? 'notice notice-bad' : 'notice'}
      onPointerEnter={() => hold(notice)}
      onPointerLeave={() => resume(notice)}
      onFocusCapture={() => hold(notice)}
      onBlurCapture={() => resume(notice)}
    >
      {notice.isBad && <Icon name="alert" />}
      <p>{notice.text}</p>
      {notice.action !== null && (
        <button class="text-button" type="button" onClick={() => take(notice)}>
          {notice.action.label}
        </button>
      )}
      <button class="quiet-button" type="button" onClick={() => dismiss(notice)}>
        <Icon name="cross" />
        <span class="unseen">{t().actions.dismiss}</span>
      </button>
    </div>
  );
}
