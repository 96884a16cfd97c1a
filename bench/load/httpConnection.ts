// One keep-alive connection that posts JSON and reads the answer, at a tenth of what fetch costs: the load is to be the
// server's. It understands what our servers and the peers answer (Content-Length), and nothing else of HTTP.

import { connect } from 'node:net';
import { once } from 'node:events';

export type HttpConnection = Disposable & {
  /** The body of the answer; rejects when the status is not 200. One call at a time. */
  post(path: string, body: string): Promise<string>;
};

export async function openConnection(url: string): Promise<HttpConnection> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  let received = '';
  let waiting: PromiseWithResolvers<string> | undefined;
  const fail = (error: Error) => waiting?.reject(error);
  socket.setEncoding('latin1');
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server closed the connection')));
  socket.on('data', (chunk: string) => {
    received += chunk;
    const end = received.indexOf('\r\n\r\n');
    if (end === -1) return;
    const head = received.slice(0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
    if (Number.isNaN(length)) return fail(new Error(`an answer without a length: ${head}`));
    if (received.length < end + 4 + length) return;
    const body = received.slice(end + 4, end + 4 + length);
    received = received.slice(end + 4 + length);
    if (head.startsWith('HTTP/1.1 200')) waiting?.resolve(body);
    else fail(new Error(`${head}\n\n${body}`));
  });
  return {
    post(path, body) {
      waiting = Promise.withResolvers<string>();
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n` +
          `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
      return waiting.promise;
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}
