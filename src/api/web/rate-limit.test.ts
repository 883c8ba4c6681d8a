import { expect, it } from 'vitest';
import { MOST_STREAMS, OpenStreams, RateLimit } from './rate-limit.ts';

it('lets a burst through, then an even rate, each caller for itself', () => {
  const limit = new RateLimit({ perSecond: 10, burst: 3 });
  for (let count = 0; count < 3; count += 1) limit.take('a', 0);
  expect(() => limit.take('a', 0)).toThrow(
    expect.objectContaining({ code: 'api.rate-limited', details: { retryAfter: 1 } }),
  );
  limit.take('b', 0);
  limit.take('a', 100);
  expect(() => limit.take('a', 100)).toThrow();
  // a silence fills no more than the burst
  for (let count = 0; count < 3; count += 1) limit.take('a', 1_000_000);
  expect(() => limit.take('a', 1_000_000)).toThrow();
});

it('forgets callers that have long been silent', () => {
  const limit = new RateLimit({ perSecond: 10, burst: 1 });
  for (let count = 0; count < 30_000; count += 1) limit.take(`caller-${count}`, count);
  limit.take('caller-0', 40_000);
});

it('counts open streams, and each end once', () => {
  const streams = new OpenStreams();
  const ends = Array.from({ length: MOST_STREAMS }, () => streams.begin('a'));
  expect(() => streams.begin('a')).toThrow(expect.objectContaining({ code: 'api.rate-limited' }));
  streams.begin('b');
  ends[0]?.();
  ends[0]?.();
  streams.begin('a');
  expect(() => streams.begin('a')).toThrow();
});
