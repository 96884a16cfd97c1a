// @ts-check
// Loaded into a Tapedeck before its own code: on SIGUSR2 it says how much memory is really in use, after a garbage
// collection. Plain JavaScript, for Node loads it by NODE_OPTIONS.

process.on('SIGUSR2', () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  console.log(`memory in use: ${((heapUsed + external) / 2 ** 20).toFixed(1)} MB`);
});
