// One bar for what runs side by side, the download and the encoder, as one attempt reports it. It only adds
// up: how much of the whole job the two are is said in src/domain/progress.ts.

import type { EncodeProgress } from '../media/encodeParts.ts';
import type { DownloadProgress } from '../media/ytdlpOutput.ts';
import type { Attempt } from '../services/attempt.ts';

export type ConversionBar = {
  downloaded(progress: DownloadProgress): void;
  encoded(progress: EncodeProgress): void;
  /** There is nothing to download: an earlier attempt did. */
  resumed(): void;
};

/** Reports each news of either together with the last of the other. */
export function conversionBar(attempt: Pick<Attempt, 'report'>): ConversionBar {
  let download: DownloadProgress = {
    ...{ bytesDone: 0, bytesTotal: null, bytesPerSecond: null, etaSeconds: null },
  };
  let encoder: EncodeProgress = { fraction: 0, etaSeconds: null };
  const report = () => {
    const { bytesDone, bytesTotal, bytesPerSecond } = download;
    const downloadedShare = bytesTotal === null ? 0 : Math.min(1, bytesDone / bytesTotal);
    const etas = [download.etaSeconds, encoder.etaSeconds].filter((eta) => eta !== null);
    const isDownloading = bytesTotal === null || bytesDone < bytesTotal;
    attempt.report({
      fraction: (downloadedShare + (encoder.fraction ?? 0)) / 2,
      bytesDone: isDownloading ? bytesDone : null,
      bytesTotal: isDownloading ? bytesTotal : null,
      bytesPerSecond: isDownloading ? bytesPerSecond : null,
      // The slower of the two decides.
      etaSeconds: etas.length === 0 ? null : Math.ceil(Math.max(...etas)),
    });
  };
  return {
    downloaded(progress) {
      download = progress;
      report();
    },
    resumed() {
      download = { ...download, bytesDone: 1, bytesTotal: 1 };
      report();
    },
    encoded(progress) {
      encoder = progress;
      report();
    },
  };
}
