// What one WebSocket may cost: how many an address may hold, and how much may wait for a reader that does not
// read. Half-open ones are found by graphql-ws, which pings every twelve seconds; what goes over them is for
// graphqlSocket.ts to say.

import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { limitConcurrency } from './concurrency.ts';

/** Frames wait one a stream, so a reader of many long lists may have as much as this on its way. */
const mostBufferedBytes = 4 * 1024 * 1024;
const lookEveryMs = 5_000;

export type Sockets = {
  /** Counts a handshake in, until its connection ends; false when the address has as many as it may. */
  readonly admit: (request: FastifyRequest) => boolean;
  /** Ends the socket when more waits for it than it will ever be worth. */
  readonly guard: (socket: WebSocket) => void;
};

export function createSockets(mostPerAddress: number): Sockets {
  const concurrency = limitConcurrency(mostPerAddress);
  return {
    admit: (request) => concurrency.admit(request, request.raw.socket),
    guard(socket) {
      const look = () => {
        if (socket.bufferedAmount > mostBufferedBytes) socket.terminate();
      };
      // Each message may make an answer, and each ping does: whoever sends many and reads none fills memory.
      socket.on('message', look).on('ping', look);
      const timer = setInterval(look, lookEveryMs);
      socket.once('close', () => clearInterval(timer));
    },
  };
}
