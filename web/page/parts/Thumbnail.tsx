// The picture of a job, as this server keeps it; the cassette of the style sheet shows through as long as
// there is none. The pictures of the sites lie on other hosts, and this page asks no other host for anything.

import type { Job } from '../state/jobs.ts';

export function Thumbnail({ job: { thumbnailUrl } }: { readonly job: Job }) {
  return (
    <div class="thumbnail">
      {thumbnailUrl !== null && (
        <img src={thumbnailUrl} alt="" width="72" height="72" loading="lazy" decoding="async" />
      )}
    </div>
  );
}
