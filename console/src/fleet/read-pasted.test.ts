import { expect, it } from 'vitest';
import { nameFor, readPasted } from './read-pasted.ts';

it.each([
  ['ssh -p 2222 root@203.0.113.7', '203.0.113.7', 'root', '2222', ''],
  ['$ ssh root@203.0.113.7 -p 2222 ls -l x', '203.0.113.7', 'root', '2222', ''],
  [
    'ssh -i ~/.ssh/key -L 8080:localhost:8080 -p2200 ubuntu@gpu.example.org nvidia-smi',
    'gpu.example.org',
    'ubuntu',
    '2200',
    '~/.ssh/key',
  ],
  ['ssh -l me -o StrictHostKeyChecking=no web1', 'web1', 'me', '', ''],
  ['root@10.0.0.1:2022', '10.0.0.1', 'root', '2022', ''],
  ['ssh://me@[2001:db8::1]:22', '2001:db8::1', 'me', '22', ''],
  ['web1.example.org', 'web1.example.org', '', '', ''],
  [
    'Public IP: 198.51.100.4\nSSH Port: 40022\nUsername: root\nGPU: A100',
    '198.51.100.4',
    'root',
    '40022',
    '',
  ],
])('%j', (text, address, user, port, identityFile) => {
  expect(readPasted(text)).toEqual({ address, user, port, identityFile });
});

it.each(['', 'hello there', 'ssh', 'ssh -p 22', '<img src=x>'])('%j is none', text => {
  expect(readPasted(text)).toBeNull();
});

it('names', () => {
  expect(nameFor('gpu.example.org')).toBe('gpu');
  expect(nameFor('10.0.0.1')).toBe('host-10-0-0-1');
});
