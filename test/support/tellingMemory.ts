// Loaded into a Tapedeck before its own code: on SIGUSR2 it says how much memory is really in use, what waits in
// buffers included.

import { usedHeapMb } from './heap.ts';

process.on('SIGUSR2', () => {
  const megabytes = usedHeapMb() + process.memoryUsage().external / 2 ** 20;
  console.log(`memory in use: ${megabytes.toFixed(1)} MB`);
});
