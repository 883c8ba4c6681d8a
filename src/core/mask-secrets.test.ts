import { expect, test } from 'vitest';
import { HIDDEN, maskDeep, maskKnownDeep, maskSecrets } from './mask-secrets.ts';

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
  ['sk_live_0123456789abcdefghij', '0123456789'],
  ['AIzaSyA0123456789abcdefghijklmnopqrstu', '0123456789'],
  ['deploy:$6$short:19000:0', 'short'],
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
  'PWD=/root/site',
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

test('what is known to be a secret, whatever it looks like; masked again it stays the same', () => {
  const masked = maskSecrets('password=hunter22, my horse battery', ['hunter22', 'horse battery', 'my']);
  expect(masked).toBe(`password=${HIDDEN}, my ${HIDDEN}`);
  expect(maskSecrets(masked)).toBe(masked);
});

// long enough that a rule which reads anything twice would not end before the test is given up
test.each([
  'a.',
  '.-',
  '-.',
  'a://',
  'password',
  '--',
  'eyJ',
  'eyJ-',
  'eyJ.',
  '$6$',
  'x=',
  "'",
  '\\"',
  ' ',
  '\n',
  'sk-',
  'token="\\',
  'bearer ',
  'authorization: ',
  'a_:$1$',
  '-----BEGIN ',
  '-----BEGIN PRIVATE KEY-----',
])('hostile text takes no time: %j', text => {
  expect(maskSecrets(`token=${text.repeat(400_000 / text.length)}`).length).toBeGreaterThan(0);
});

test('known secrets are found in data, whatever they look like once it is JSON', () => {
  const secret = 'p"a*s&s\\';
  const masked = maskKnownDeep({ said: [`it is ${secret}!`], bytes: new Uint8Array(2), none: null }, [
    secret,
  ]);
  expect(masked).toEqual({ said: [`it is ${HIDDEN}!`], bytes: new Uint8Array(2), none: null });
  expect(JSON.stringify(maskKnownDeep({ password: 'other' }, [secret]))).toContain('other');
});
