// The picture of a job: its cover when there is one and it is in sight; the cassette of the style sheet
// shows through as long as there is none.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { artworkOf } from '../state/artwork.ts';
import type { Job } from '../state/jobs.ts';

export function Thumbnail({ job }: { readonly job: Job }) {
  const place = useRef<HTMLDivElement>(null);
  const isSeen = useSignal(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      isSeen.value = true;
      observer.disconnect();
    });
    if (place.current !== null) observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  const cover = isSeen.value ? artworkOf(job)?.value : null;
  return (
    <div class="thumbnail" ref={place}>
      {cover != null && <img src={cover} alt="" width="72" height="72" />}
    </div>
  );
}
