/** Seconds between two looks. */
const PAUSE = 2;

/**
 * POSIX sh that looks until a condition holds, and fails when the time (seconds) is over. It counts by words: what a
 * shell makes of arithmetic is not certain enough to be run without a person.
 */
export function waitUntil(condition: string, time: number): string {
  const looks = Array.from({ length: time / PAUSE }, (_, index) => index + 1);
  return `for n in ${looks.join(' ')}; do
  if ${condition}; then exit 0; fi
  sleep ${PAUSE}
done
exit 1`;
}
