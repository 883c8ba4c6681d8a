/** Buckets an e-fold: each is 5 % wide, below 20 ms one a millisecond. */
const RESOLUTION = 20;

/** The bucket a duration (milliseconds) is counted in. */
export function durationBucket(duration: number): number {
  return Math.floor(Math.log(duration + 1) * RESOLUTION);
}

/** The shortest whole duration of a bucket, milliseconds. */
export function bucketStart(bucket: number): number {
  let start = Math.max(0, Math.floor(Math.exp(bucket / RESOLUTION) - 1) - 1);
  while (durationBucket(start) < bucket) start += 1;
  return start;
}
