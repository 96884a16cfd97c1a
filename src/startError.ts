// Why Tapedeck cannot start, told to the person at the terminal.

/** `message` is one sentence that says what to do; the cause goes to the log. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
  }
}
