// Sends a media file the way its delivery says, with byte ranges. It knows nothing of videos or routes.

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import { contentOf } from './delivery.ts';
import type { Delivery } from './delivery.ts';
import type { Gate } from './gate.ts';

/** One transfer: `delivery` is asked again at every step, so that a test can change it midway. */
export type Transfer = {
  readonly path: string;
  readonly contentType: string;
  readonly delivery: () => Delivery;
  /** Passed once half of the file is sent. */
  readonly gate: Gate;
};

const stepBytes = 64 * 1024;
const stepsPerSecond = 20;
/**
 * Who is held gets a little that often, for yt-dlp gives up after 15 s of silence, and its watch after a minute
 * without a whole block (of 64 KiB). A second of sound lasts for five of being held.
 */
const dripMs = 5_000;
const dripBytes = 8 * 1024;

/** Answers with the file. Ends quietly when the client leaves. */
export async function sendMedia(
  request: IncomingMessage,
  response: ServerResponse,
  transfer: Transfer,
): Promise<void> {
  const client = new AbortController();
  response.once('close', () => client.abort());
  try {
    await answer(request, response, transfer, client.signal);
  } catch (error) {
    if (!client.signal.aborted) throw error;
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  transfer: Transfer,
  clientLeft: AbortSignal,
): Promise<void> {
  const delivery = transfer.delivery();
  const headers = { 'content-type': transfer.contentType, 'accept-ranges': 'bytes' };
  if (delivery.kind === 'status' && delivery.times > 0) {
    delivery.times -= 1;
    response.writeHead(delivery.status).end();
    return;
  }
  if (delivery.kind === 'redirect') {
    response.writeHead(302, { location: delivery.to }).end();
    return;
  }
  const bytes = await contentOf(transfer.path, delivery);
  if (delivery.kind === 'endless') {
    response.writeHead(200, headers);
    for (;;) await send(response, bytes.subarray(0, stepBytes), 8 * 1024 * 1024, clientLeft);
  }

  const range = rangeOf(request, bytes.length);
  if (range.start >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    return;
  }
  response.writeHead(range.isPartial ? 206 : 200, {
    ...headers,
    'content-length': range.end - range.start,
    ...(range.isPartial && {
      'content-range': `bytes ${range.start}-${range.end - 1}/${bytes.length}`,
    }),
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const middle = Math.floor(bytes.length / 2);
  for (let offset = range.start; offset < range.end;) {
    const now = transfer.delivery();
    if (offset >= middle) {
      const passed = transfer.gate.pass(clientLeft).then(() => true);
      while (
        !(await Promise.race([passed, pause(dripMs, false, { ref: false })])) &&
        offset + dripBytes < range.end
      ) {
        await send(response, bytes.subarray(offset, offset + dripBytes), Infinity, clientLeft);
        offset += dripBytes;
      }
      await passed;
      if (now.kind === 'stalled' || now.kind === 'starved') {
        await send(response, Buffer.alloc(0), Infinity, clientLeft);
        if (now.kind === 'stalled') await once(response, 'close');
      }
      if (now.kind === 'starved' || breaks(now, range.start)) {
        response.destroy();
        return;
      }
    }
    const bytesPerSecond = now.kind === 'throttled' ? now.bytesPerSecond : Infinity;
    const step = Math.max(1, Math.min(stepBytes, Math.floor(bytesPerSecond / stepsPerSecond)));
    const place = offset < middle ? Math.min(offset + step, middle) : offset + step;
    const next = Math.min(place, range.end);
    await send(response, bytes.subarray(offset, next), bytesPerSecond, clientLeft);
    offset = next;
  }
  response.end();
}

function breaks(delivery: Delivery, start: number): boolean {
  if (delivery.kind !== 'cut' || delivery.times === 0) return false;
  if (delivery.onlyFromStart && start > 0) return false;
  delivery.times -= 1;
  return true;
}

async function send(
  response: ServerResponse,
  bytes: Buffer,
  bytesPerSecond: number,
  clientLeft: AbortSignal,
): Promise<void> {
  clientLeft.throwIfAborted();
  // Flushed, so that what was sent before a break does arrive.
  const flushed = Promise.withResolvers<void>();
  response.write(bytes, (error) => (error ? flushed.reject(error) : flushed.resolve()));
  await flushed.promise;
  if (Number.isFinite(bytesPerSecond)) {
    await pause((1000 * bytes.length) / bytesPerSecond, undefined, { signal: clientLeft });
  }
}

/** The `Range` header, or the query `range=first-last`, which YouTube answers with 200. `end` is exclusive. */
function rangeOf(
  request: IncomingMessage,
  sizeBytes: number,
): { start: number; end: number; isPartial: boolean } {
  const inHeader = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const inQuery = /[?&]range=(\d+)-(\d*)/.exec(request.url ?? '');
  const found = inHeader ?? inQuery;
  const last = found?.[2] ? Number(found[2]) + 1 : sizeBytes;
  return {
    start: Number(found?.[1] ?? 0),
    end: Math.min(last, sizeBytes),
    isPartial: inHeader !== null,
  };
}

/** A fault of the stand-in itself: said aloud in the client's own words for the status. */
export function failAloud(response: ServerResponse, error: unknown): void {
  if (response.destroyed) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const words = String(error).replaceAll(/[^\x20-\x7e]+/g, ' ');
  response.writeHead(500, `stand-in: ${words.slice(0, 300)}`).end();
}
