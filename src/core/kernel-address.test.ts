import { expect, it } from 'vitest';
import { kernelAddress } from './kernel-address.ts';

it('is written as people do', () => {
  expect([
    kernelAddress('0100007F'),
    kernelAddress('0'.repeat(32)),
    kernelAddress(`${'0'.repeat(24)}01000000`),
    kernelAddress('0000000000000000FFFF00000100007F'),
    kernelAddress('B80D0120000000000000000001000000'),
  ]).toEqual(['127.0.0.1', '::', '::1', '127.0.0.1', '2001:db8::1']);
});
