import { describe, expect, it } from 'vitest';
import { quickCiphers, silenceOf } from './openssh-options.ts';

const SHIPPED = ['chacha20-poly1305@openssh.com', 'aes128-ctr', 'aes128-gcm@openssh.com'];

describe('the ciphers of a connection for large files', () => {
  it('are those that are allowed, AES-GCM first', () => {
    expect(quickCiphers({ ciphers: SHIPPED }, true)).toEqual([
      'aes128-gcm@openssh.com',
      'chacha20-poly1305@openssh.com',
      'aes128-ctr',
    ]);
  });

  it('are left to ssh without AES in the processor, where GCM is not allowed, and where nothing is known', () => {
    expect(quickCiphers({ ciphers: SHIPPED }, false)).toBeUndefined();
    expect(quickCiphers({ ciphers: SHIPPED.slice(0, 2) }, true)).toBeUndefined();
    expect(quickCiphers({ ciphers: ['+aes128-cbc', ...SHIPPED] }, true)).toBeUndefined();
    expect(quickCiphers({}, true)).toBeUndefined();
  });
});

describe('the silence after which ssh gives up', () => {
  it('is three intervals, in whole seconds: six at most for a tunnel', () => {
    const silence = (keepAliveInterval: number): number =>
      silenceOf({ keepAliveInterval, connectTimeout: 15_000 });
    expect([1_400, 2_000, 2_500, 5_000, 100].map(silence)).toEqual([5_000, 6_000, 8_000, 15_000, 3_000]);
  });
});
