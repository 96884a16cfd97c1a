// The one error that a caller sees word for word: an argument that cannot be served and has no typed refusal.

/** The message is one sentence for the caller: which argument, and what to send instead. */
export class InvalidArgument extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidArgument';
  }
}
