// A gate in a server's answer: tests freeze an answer at a known place, without any waiting by time.
// The client's own time-outs go on meanwhile.

/** Open at first. `release` lets everybody through who waits, and all who come later. */
export type Gate = {
  readonly hold: () => void;
  readonly release: () => void;
  /** Resolves when somebody waits at the held gate. Throws when the gate is not held. */
  readonly whenHeld: () => Promise<void>;
  /** For the server: waits while the gate is held. Throws the signal's reason when the client leaves. */
  readonly pass: (clientLeft: AbortSignal) => Promise<void>;
};

export function createGate(): Gate {
  let held: { opened: PromiseWithResolvers<void>; reached: PromiseWithResolvers<void> } | null =
    null;
  return {
    hold: () => {
      held ??= { opened: Promise.withResolvers(), reached: Promise.withResolvers() };
    },
    release: () => {
      held?.opened.resolve();
      held = null;
    },
    whenHeld: async () => {
      if (!held) throw new Error('whenHeld() waits for ever on an open gate: call hold() first.');
      await held.reached.promise;
    },
    pass: async (clientLeft) => {
      if (!held) return;
      clientLeft.throwIfAborted();
      held.reached.resolve();
      const left = Promise.withResolvers<never>();
      const leave = (): void => left.reject(clientLeft.reason);
      clientLeft.addEventListener('abort', leave, { once: true });
      await Promise.race([held.opened.promise, left.promise]).finally(() =>
        clientLeft.removeEventListener('abort', leave),
      );
    },
  };
}
