// The picture of a job: its cover when there is one and it is in sight; the cassette of the style sheet
// shows through as long as there is none.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { artworkOf } from '../state/artwork.ts';
import type { Job } from '../state/jobs.ts';

/** One for all pictures: hundreds of observers would be asked at every frame. */
const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    onSeen.get(target)?.();
  }
});
const onSeen = new WeakMap<Element, () => void>();

export function Thumbnail({ job }: { readonly job: Job }) {
  const place = useRef<HTMLDivElement>(null);
  const isSeen = useSignal(false);
  const mayHaveCover = job.result !== null;
  useEffect(() => {
    const { current } = place;
    if (current === null || !mayHaveCover) return undefined;
    onSeen.set(current, () => (isSeen.value = true));
    observer.observe(current);
    return () => observer.unobserve(current);
  }, [mayHaveCover]);
  const cover = isSeen.value ? artworkOf(job)?.value : null;
  return (
    <div class="thumbnail" ref={place}>
      {cover != null && <img src={cover} alt="" width="72" height="72" />}
    </div>
  );
}
