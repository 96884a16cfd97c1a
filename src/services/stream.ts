// A stream of states for one subscriber: whatever happens between two reads is merged into one frame, so a
// reader who pauses costs one frame of memory and finds the newest state. It knows nothing of jobs.

import { Repeater } from '@repeaterjs/repeater';

/**
 * What a subscription resolver iterates over. Each item makes its frame when it is called, which is when the
 * subscriber is ready for it. Not an async generator: one that waits cannot be returned, and leaks.
 */
export type Stream<Frame> = AsyncIterableIterator<() => Frame>;

export type StreamHandle = {
  /** Says that there is something to read. Many calls before the next read make one frame. */
  signal(): void;
  /** Ends the stream after the frame that is waiting, if there is one. */
  end(): void;
};

/**
 * Opens a stream. `open` runs when the first frame is asked for and answers what to do at the end; `take`
 * makes the frame of all that happened since the last.
 */
export function createStream<Frame>(
  take: () => Frame,
  open: (handle: StreamHandle) => () => void,
): Stream<Frame> {
  return new Repeater<() => Frame>(async (push, stop) => {
    let isWaiting = false;
    const takeOnce = () => {
      isWaiting = false;
      return take();
    };
    const close = open({
      signal() {
        if (isWaiting) return;
        isWaiting = true;
        void push(takeOnce);
      },
      end: () => stop(),
    });
    await stop;
    close();
  });
}
