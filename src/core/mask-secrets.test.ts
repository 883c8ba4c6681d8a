import { expect, test } from 'vitest';
import { HIDDEN, maskDeep, maskSecrets } from './mask-secrets.ts';

const SECRETS = [
  ['password=hunter22', 'hunter22'],
  ['DB_PASSWORD: "a \\"quoted\\" one"', 'quoted'],
  ["export API_KEY='k-123456'", 'k-123456'],
  ['{"client_secret":"s3cr3t","id":1}', 's3cr3t'],
  ['mysql --password hunter22 -e x', 'hunter22'],
  ['curl --token=abcdef https://x', 'abcdef'],
  ['Authorization: Bearer abc.def', 'abc.def'],
  ['-H "authorization: Basic Zm9vOmJhcg=="', 'Zm9vOmJhcg'],
  ['git clone https://me:tok3n@host/x.git', 'tok3n'],
  ['a\n-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\nb', 'AAAA'],
  ['-----BEGIN RSA PRIVATE KEY-----\nAAAA cut off', 'AAAA'],
  ['root:$6$saltsalt$abcdefghijklmnopqrstuvwxyz:1', 'abcdefghijkl'],
  ['ghp_0123456789abcdefghij', '0123456789abcdefghij'],
  ['AKIAABCDEFGHIJKLMNOP', 'ABCDEFGHIJKLMNOP'],
  ['sk-proj-0123456789abcdefghij', '0123456789'],
  ['eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl', 'c2lnbmF0dXJl'],
] as const;

test.each(SECRETS)('%s', (text, secret) => {
  expect(maskSecrets(text)).not.toContain(secret);
  expect(maskSecrets(text)).toContain(HIDDEN);
});

test.each([
  'the password of the account is not set',
  'no password login; 3 tokens used',
  'passwd -l deploy',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ deploy@x',
  'http://127.0.0.1:8080/ answers',
  'PermitRootLogin prohibit-password',
  'sha256 3f9a1c2e41d7aabbccdd',
])('what is no secret stays: %s', text => expect(maskSecrets(text)).toBe(text));

test('data: by the name of the field too; keys, numbers and bytes stay', () => {
  const data = {
    password: 'x',
    list: [{ apiKey: 'y', tokens: 3 }],
    text: 'token=z',
    bytes: new Uint8Array(1),
  };
  expect(maskDeep(data)).toEqual({
    password: HIDDEN,
    list: [{ apiKey: HIDDEN, tokens: 3 }],
    text: `token=${HIDDEN}`,
    bytes: data.bytes,
  });
});

test('hostile text takes no time', () => {
  for (const text of ['a.', 'a://', 'password', '--', 'eyJ', '$6$', 'x=', "'", '-----BEGIN PRIVATE KEY-----'])
    expect(maskSecrets(text.repeat(8000)).length).toBeGreaterThan(0);
});
