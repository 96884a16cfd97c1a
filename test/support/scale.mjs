// @ts-check
// How much a reliability test does: a quick selection within `npm test`, the whole with
// `npm run test:reliability`. Plain JavaScript, because jest reads its settings before types are stripped.

/** True in `npm run test:reliability`: the tests of test/reliability/full run too. */
export const isFull = process.env['RELIABILITY'] === 'full';

/**
 * @template Value
 * @param {Value} quick
 * @param {Value} full
 */
export function scale(quick, full) {
  return isFull ? full : quick;
}
