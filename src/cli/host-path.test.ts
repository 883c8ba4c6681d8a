import { describe, expect, test } from 'vitest';
import { parsePlace } from './host-path.ts';

describe('a colon before the first slash names hosts', () => {
  test.each([
    ['web-1:/srv/app', 'web-1', '/srv/app'],
    ['web-1:', 'web-1', '.'],
    ['web-1:~', 'web-1', '.'],
    ['web-1:~/a', 'web-1', 'a'],
    ['web-1:a/b/', 'web-1', 'a/b/'],
    ['@web,!web-3:/srv', '@web,!web-3', '/srv'],
    ['web-[12]:/srv', 'web-[12]', '/srv'],
    ['root@web-1:/srv', 'root@web-1', '/srv'],
    ['[::1]:/srv', '::1', '/srv'],
    ['root@[fe80::1]:x', 'root@fe80::1', 'x'],
    ['root@[192.0.2.1:2222]:/srv', 'root@192.0.2.1:2222', '/srv'],
    ['[[::1]:2222]:/srv', '[::1]:2222', '/srv'],
    ['[::1],web-1:/srv', '::1,web-1', '/srv'],
    ['web-1:/a:b', 'web-1', '/a:b'],
    // no drives here: this is a host of that name
    ['C:\\x', 'C', '\\x'],
  ])('%s', (text, hosts, path) => {
    expect(parsePlace(text)).toEqual({ at: 'remote', hosts, path });
  });

  test.each(['./a:b', '/a:b', 'a/b:c', 'a', '.', '..', 'a b'])('%s is of this machine', text => {
    expect(parsePlace(text)).toEqual({ at: 'local', path: text });
  });

  test.each(['', ':', ':/a', ' :/a', 'web-1:~root', 'web-1:~root/x'])('%j is refused', text => {
    expect(() => parsePlace(text)).toThrow(expect.objectContaining({ code: 'input.invalid' }));
  });
});
