// Turns the output of a tool into lines: bounded, so that a hostile endless line costs no memory.

// It gives lines no meaning; process.ts feeds it and ytdlp.ts and ffmpeg.ts read them.

/** A line is cut here. yt-dlp's longest honest line, a video's metadata, is some 4 kB. */
const maxLineLength = 64 * 1024;

/**
 * Splits chunks at \n and \r (tools overwrite their progress with a bare \r) and calls `onLine`
 * with each line that is not empty. `end` delivers a last line without an end mark.
 */
export function lineSplitter(onLine: (line: string) => void): {
  write(chunk: string): void;
  end(): void;
} {
  let pending = '';
  const flush = () => {
    const line = pending;
    pending = '';
    if (line !== '') onLine(line);
  };
  return {
    write(chunk) {
      const parts = chunk.split(/[\r\n]/);
      parts.forEach((part, index) => {
        pending += part.slice(0, maxLineLength - pending.length);
        if (index < parts.length - 1) flush();
      });
    },
    end: flush,
  };
}

/** Removes control characters, so that a title or an error text cannot forge lines or colours in a log. */
export function withoutControls(text: string): string {
  // eslint-disable-next-line no-control-regex -- removing them is the point
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, '');
}

/** Remembers the newest `size` lines, printable and of bounded length, for the log of a failure. */
export function lineTail(size: number): { push(line: string): void; lines(): readonly string[] } {
  let kept: string[] = [];
  return {
    push(line) {
      kept = [...kept.slice(1 - size), withoutControls(line).slice(0, 500)];
    },
    lines: () => kept,
  };
}
