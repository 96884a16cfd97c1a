// The picture of a job: its cover when there is one and the row is in sight, else a cassette.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { artworkOf } from '../../state/artwork.ts';
import type { Job } from '../../state/jobs.ts';
import { Cassette } from '../Cassette.tsx';

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
  const fraction = job.status === 'SUCCEEDED' ? 1 : (job.progress.fraction ?? 0);
  return (
    <div class="thumbnail" ref={place}>
      {cover == null ? (
        <Cassette fraction={fraction} isTurning={job.status === 'RUNNING'} />
      ) : (
        <img src={cover} alt="" width="72" height="72" />
      )}
    </div>
  );
}
