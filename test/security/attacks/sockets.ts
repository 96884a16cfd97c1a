// WebSockets that do not keep to the protocol, come from other pages, or want more than their share.

import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Attack, Target } from '../attack.ts';
import { init, overSocket, sendBytes, speak, subscribe } from '../send.ts';

const watchQueue = 'subscription { queueStats { queued } }';
const watchJob = 'subscription { job(id: "x") { isFinal } }';

/** Acknowledged, then this. */
const afterInit =
  (...messages: readonly (string | Buffer)[]): Attack['attack'] =>
  (target) =>
    speak(target, (socket) => {
      socket.once('message', () => {
        for (const message of messages) socket.send(message);
      });
      socket.send(init);
    });

const fromOrigin =
  (origin: string, host?: string): Attack['attack'] =>
  (target) =>
    speak(target, (socket) => socket.close(1000), {
      headers: { origin, ...(host !== undefined && { host }) },
    });

/** By hand: a client that is offered no subprotocol of its own hangs up before it hears why. */
const handshake =
  (protocol: string): Attack['attack'] =>
  (target) =>
    sendBytes(
      target,
      [
        'GET /graphql HTTP/1.1',
        'Host: localhost',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
        `Sec-WebSocket-Protocol: ${protocol}`,
        '\r\n',
      ].join('\r\n'),
      { waitMs: 1_000 },
    );

const ownOrigin = ({ url }: Target) => url;

export const socketAttacks: readonly Attack[] = [
  // Handshakes
  ...[
    'https://evil.example',
    'http://localhost.evil.example',
    'null',
    'file://',
    'chrome-extension://abcdef',
    'http://127.0.0.1:1',
    'http://localhost@evil.example',
    'nonsense',
  ].map((origin) => ({
    name: `a page of ${origin} opens a WebSocket`,
    attack: fromOrigin(origin),
    expected: { status: 403, text: 'Pages of other sites' },
  })),
  {
    name: 'a page that has bent its own name to this machine',
    attack: fromOrigin('http://evil.example', 'evil.example'),
    expected: { status: 421 },
  },
  {
    name: 'our own page opens a WebSocket, and may',
    attack: (target) => fromOrigin(ownOrigin(target))(target),
    expected: { closeCode: 1000 },
  },
  {
    name: 'a WebSocket to another address',
    attack: (target) =>
      speak({ ...target, url: `${target.url}/livez?` }, (socket) => socket.close(1000)),
    expected: { closeCode: 1005 },
  },
  {
    name: 'the old subprotocol',
    attack: handshake('graphql-ws'),
    expected: { status: 101, text: 'Subprotocol not acceptable' },
  },
  {
    name: 'no subprotocol',
    attack: (target) => speak(target, () => {}, { protocols: [] }),
    expected: { closeCode: 4406 },
  },
  {
    name: 'a subprotocol that is not known',
    attack: handshake('mqtt'),
    expected: { status: 101, text: 'Subprotocol not acceptable' },
  },

  // The protocol
  {
    name: 'a socket that says nothing for three seconds',
    attack: (target) => speak(target, () => {}),
    expected: { closeCode: 4408 },
  },
  { name: 'a second connection_init', attack: afterInit(init), expected: { closeCode: 4429 } },
  {
    name: 'a subscription before the acknowledgement',
    attack: (target) => speak(target, (socket) => socket.send(subscribe('1', watchQueue))),
    expected: { closeCode: 4401 },
  },
  {
    name: 'one id twice',
    attack: afterInit(subscribe('1', watchQueue), subscribe('1', watchQueue)),
    expected: { closeCode: 4409 },
  },
  ...Object.entries({
    'no JSON': '{',
    null: 'null',
    'a list': '[]',
    'a number': '1',
    'no type': '{}',
    'a type that is not known': '{"type":"start"}',
    'a type that is a name of Object’s': '{"type":"constructor"}',
    'an empty id': subscribe('', watchQueue),
    'an id that is a number': '{"type":"subscribe","id":1,"payload":{"query":"{a}"}}',
    'a payload that is a list': '{"type":"subscribe","id":"1","payload":[]}',
    'a query that is a number': '{"type":"subscribe","id":"1","payload":{"query":1}}',
    'variables that are a list':
      '{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}',
    'bytes that are no text': Buffer.from([0xff, 0xfe, 0x00]),
  }).map(([what, message]) => ({
    name: `a message that is ${what}`,
    attack: afterInit(message),
    expected: { closeCode: 4400 },
  })),
  {
    name: 'a frame of 65 KiB',
    attack: afterInit(subscribe('1', watchQueue.padEnd(65 * 1024))),
    expected: { closeCode: 1009 },
  },
  {
    name: 'a connection_init of 20 MB',
    attack: (target) =>
      speak(target, (socket) =>
        socket.send(`{"type":"connection_init","payload":{"a":"${'x'.repeat(20_000_000)}"}}`),
      ),
    expected: { closeCode: 1009 },
  },
  {
    name: 'a message in a thousand fragments, too large as a whole',
    attack: (target) =>
      speak(target, (socket) => {
        for (let part = 0; part < 1_000; part += 1) socket.send('x'.repeat(1_000), { fin: false });
      }),
    expected: { closeCode: 1009 },
  },
  {
    name: 'an unmasked frame',
    attack: (target) => speak(target, (socket) => socket.send(init, { mask: false })),
    expected: { closeCode: 1002 },
  },

  // Operations
  {
    name: 'a query over WebSocket',
    attack: (target) => overSocket(target, '{ queueStats { queued } }'),
    expected: { text: 'Queries and mutations are served by POST only' },
  },
  {
    name: 'a mutation over WebSocket',
    attack: (target) =>
      overSocket(target, 'mutation { requestMp3(url: "youtu.be/dQw4w9WgXcQ") { outcome } }'),
    expected: { text: 'Queries and mutations are served by POST only' },
  },
  {
    name: 'a mutation beside the subscription that is named',
    attack: (target) =>
      overSocket(
        target,
        `mutation M { cancelJob(id: "x") { job { id } } } ${watchJob.replace('subscription', 'subscription S')}`,
        {
          operationName: 'M',
        },
      ),
    expected: { text: 'Queries and mutations are served by POST only' },
  },
  {
    name: 'a document of nothing',
    attack: (target) => overSocket(target, ''),
    expected: { closeCode: 1000, text: 'Unexpected <EOF>' },
  },
  {
    name: 'introspection as a subscription',
    attack: (target) => overSocket(target, 'subscription { __schema { types { name } } }'),
    expected: { text: /must not select an introspection|Cannot query|error/ },
  },
  {
    name: 'two fields in one subscription',
    attack: (target) =>
      overSocket(target, 'subscription { a: queueStats { queued } b: queueStats { queued } }'),
    expected: { text: /must select only one top level field/ },
  },
  {
    name: '10,000 ids in one subscription',
    attack: (target) =>
      overSocket(target, 'subscription ($ids: [ID!]) { jobs(ids: $ids) { isSnapshot } }', {
        variables: { ids: Array.from({ length: 10_000 }, () => 'x') },
      }),
    expected: { text: /at most 100 ids/ },
  },
  {
    name: 'a document id that is not known',
    attack: (target) => overSocket(target, '', { documentId: 'sha256:0' }),
    expected: { text: 'DOCUMENT_NOT_FOUND' },
  },
  {
    name: 'the 51st stream of one socket',
    attack: (target) =>
      speak(target, (socket) => {
        socket.on('message', (data: Buffer) => {
          const { type, id } = JSON.parse(data.toString()) as { type: string; id?: string };
          if (type === 'error' && id === 'stream 51') socket.close(1000);
          if (type !== 'connection_ack') return;
          for (let count = 1; count <= 51; count += 1) {
            socket.send(subscribe(`stream ${count}`, watchQueue));
          }
        });
        socket.send(init);
      }),
    expected: { closeCode: 1000, text: 'TOO_MANY_STREAMS' },
  },

  // Floods
  {
    name: 'a flood of pings from who never reads',
    attack: async (target) => {
      const socket = new WebSocket(
        `${target.url.replace('http', 'ws')}/graphql`,
        'graphql-transport-ws',
      );
      socket.on('error', () => {});
      await once(socket, 'open');
      socket.send(init);
      await once(socket, 'message');
      socket.pause();
      const closed = once(socket, 'close');
      const ping = `{"type":"ping","payload":{"a":"${'x'.repeat(60_000)}"}}`;
      // 60 MB of answers, if they were kept.
      for (let count = 0; count < 1_000 && socket.readyState === socket.OPEN; count += 1) {
        socket.send(ping);
        if (count % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      socket.resume();
      const [closeCode] = (await closed) as [number];
      return { closeCode, text: '' };
    },
    expected: { closeCode: 1006 },
  },
  {
    name: 'two thousand streams, each begun and ended at once',
    attack: (target) =>
      speak(target, (socket) => {
        socket.once('message', () => {
          for (let count = 0; count < 2_000; count += 1) {
            socket.send(subscribe(`${count}`, watchQueue));
            socket.send(`{"type":"complete","id":"${count}"}`);
          }
          socket.send(subscribe('last', watchJob));
        });
        socket.on('message', (data: Buffer) => {
          if (data.toString().includes('"complete"') && data.toString().includes('"last"')) {
            socket.close(1000);
          }
        });
        socket.send(init);
      }),
    expected: { closeCode: 1000 },
  },
];
