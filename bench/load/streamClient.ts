// Ten thousand readers of job streams in a process of their own: one socket each, as each visitor has. It is told what to
// watch and counts what comes; it decides nothing.

import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Sent by the parent. */
export type WatchOrder = {
  readonly url: string;
  readonly jobIds: readonly string[];
  readonly query: string;
};
/** Sent to the parent: the streams are open, or what came since the last report. */
export type StreamReport =
  | { readonly kind: 'open'; readonly streams: number }
  | {
      readonly kind: 'frames';
      readonly frames: number;
      /** Newest version by stream, in the order of `jobIds`. */
      readonly versions: readonly number[];
      /** `version`, place of the stream, instant of arrival in monotonic ms. */
      readonly arrivals: readonly (readonly [number, number, number])[];
    };

let versions: number[] = [];
let frames = 0;
let arrivals: [number, number, number][] = [];

/** The same clock in every process of the machine. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

async function open({ url, jobIds, query }: WatchOrder): Promise<void> {
  versions = jobIds.map(() => 0);
  const address = `${url.replace('http', 'ws')}/graphql`;
  let next = 0;
  const openSome = async () => {
    for (let place = next++; place < jobIds.length; place = next++) {
      await openOne(address, query, jobIds[place] ?? '', place);
    }
  };
  // So many handshakes at once as a listener takes without refusing.
  await Promise.all(Array.from({ length: 32 }, openSome));
}

async function openOne(address: string, query: string, id: string, place: number): Promise<void> {
  const socket = new WebSocket(address, 'graphql-transport-ws', { perMessageDeflate: false });
  const first = Promise.withResolvers<void>();
  socket.on('error', first.reject);
  socket.on('close', (code) => first.reject(new Error(`a stream was closed with ${code}`)));
  socket.on('message', (data: Buffer) => {
    const text = data.toString('latin1');
    const version = Number(/"version":(\d+)/.exec(text)?.[1]);
    if (Number.isNaN(version)) {
      if (text.includes('"connection_ack"')) {
        socket.send(
          JSON.stringify({ type: 'subscribe', id: '1', payload: { query, variables: { id } } }),
        );
      } else if (text.includes('"error"') || text.includes('"errors"'))
        first.reject(new Error(text));
      return;
    }
    frames += 1;
    versions[place] = version;
    arrivals.push([version, place, now()]);
    first.resolve();
  });
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await first.promise;
}

process.on('message', (order: WatchOrder | 'report') => {
  if (order !== 'report') {
    void open(order).then(() => {
      process.send?.({ kind: 'open', streams: versions.length } satisfies StreamReport);
    });
    return;
  }
  process.send?.({ kind: 'frames', frames, versions, arrivals } satisfies StreamReport);
  frames = 0;
  arrivals = [];
});
