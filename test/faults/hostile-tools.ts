import { ARCHIVE_END } from '../../src/transfer/tar/header.ts';
import { member } from '../../src/transfer/tar/sample-members.ts';

/** What a hostile host's tools say. */

/** One thing of a listing, as GNU find prints it for us. */
export function entry(path: string, type = 'f', link = ''): Buffer {
  return Buffer.from(
    `${type} 2 1600000000.0 ${type === 'd' ? 755 : 644} 0 0 1 1:1 8\x000\x000\0${path}\0${link}\0`,
    'latin1',
  );
}

export const LISTINGS: Readonly<Record<string, Buffer>> = {
  'a way up': Buffer.concat([entry('../evil')]),
  'a way up further in': Buffer.concat([entry('sub', 'd'), entry('sub/../../evil')]),
  'an absolute name': entry('/tmp/deckhand-evil'),
  'a name of nothing': Buffer.concat([entry('sub', 'd'), entry('sub//b')]),
  'the folder itself again': Buffer.concat([entry('.', 'd')]),
  'two things of one name': Buffer.concat([entry('a'), entry('a', 'l', '/tmp')]),
  'something in a link': Buffer.concat([entry('sub', 'l', '/tmp'), entry('sub/deckhand-evil')]),
  'something in a file': Buffer.concat([entry('a'), entry('a/deckhand-evil')]),
  'a child before its folder': Buffer.concat([entry('sub/b'), entry('sub', 'd')]),
  'a name of 100,000 bytes': entry('n'.repeat(100_000)),
  'a size that is none': Buffer.from('f -5 1.0 644 0 0 1 1:1 8\x000\x000\0a\0\0', 'latin1'),
  'a size of nothing known': Buffer.from('f 1e400 1.0 644 0 0 1 1:1 8\x000\x000\0a\0\0', 'latin1'),
  'an end in the middle': Buffer.concat([Buffer.from('end 0\0'), entry('a')]),
};

/** Of the folder with `a`, `sub/b` and `big`; `outside` must not be touched. */
export const ARCHIVES: Readonly<Record<string, (outside: string) => Buffer>> = {
  'names that lead out': outside =>
    Buffer.concat([
      member('../evil', 'x'),
      member(`${outside}/sentinel`, 'x'),
      member('./sub/../../evil', 'x'),
      member('/tmp/deckhand-evil', 'x'),
      ARCHIVE_END,
    ]),
  'links under names of files': outside =>
    Buffer.concat([
      member('./a', '', { type: 'symlink', link: `${outside}/sentinel` }),
      member('./a', 'x\n'),
      member('./sub', '', { type: 'symlink', link: outside }),
      member('./sub/b', 'x\n'),
      member('./sub/b', '', { type: 'hardlink', link: `${outside}/sentinel` }),
      ARCHIVE_END,
    ]),
  'modes that nobody listed': () =>
    Buffer.concat([
      member('./a', 'a\n', { mode: 0o6777 }),
      member('./sub/b', 'b\n', { mode: 0o6777 }),
      ARCHIVE_END,
    ]),
  'other contents': () => Buffer.concat([member('./a', 'evil'), member('./sub/b', 'evil'), ARCHIVE_END]),
  'a member that is longer than the archive': () => member('./a', 'a\n', { size: 2 ** 40 }),
  'no end': () => member('./a', 'a\n'),
  'nothing in it': () => ARCHIVE_END,
  'a wrong checksum': () =>
    Buffer.from(member('./a', 'a\n').toString('latin1').replace('ustar', 'evil '), 'latin1'),
  'random bytes': () => Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 251)),
};

interface Tool {
  readonly program: string;
  readonly script: string;
  readonly codes: readonly string[];
}
const ENTRY = String.raw`perl -e 'print "d 2 1.0 755 0 0 1 1:1 8\0000\0000\000\0\0"; for ($i = 0;; $i++) { print "f 1 1.0 644 0 0 1 1:1 8\0000\0000\000name$i\0\0" }'`;
const PROBE = 'case "$*" in *"-maxdepth 0"*) exit 0;; esac;';

/** Tools that never stop, or that lie about what they counted. */
export const TOOLS = {
  'a listing without end': {
    program: 'find',
    script: `${PROBE} exec ${ENTRY}`,
    codes: ['transfer.too-many-entries'],
  },
  'a field without end': {
    program: 'find',
    script: `${PROBE} tr '\\0' x </dev/zero`,
    codes: ['transfer.protocol'],
  },
  'errors without end': {
    program: 'find',
    script: `${PROBE} yes 'find: /srv/evil/x: Permission denied' | head -n 5000000 >&2; exit 1`,
    codes: ['transfer.protocol', 'transfer.no-permission', 'transfer.refused'],
  },
  'an archive without end': {
    program: 'tar',
    script:
      'case "$*" in *--version*) echo "tar (GNU tar) 1.35";; *) cat >/dev/null; head -c 300000000 /dev/zero;; esac',
    codes: ['transfer.some-failed', 'transfer.protocol', 'transfer.changed', 'transfer.refused'],
  },
  'hashes of other files': {
    program: 'sha256sum',
    script: 'cat >/dev/null; for f; do printf "%064d  /etc/passwd\\n" 0; done',
    codes: ['transfer.protocol'],
  },
  'hashes that never fit': {
    program: 'sha256sum',
    script: 'for f; do printf "%064d  %s\\n" 0 "$f"; done; [ $# -gt 0 ] || printf "%064d  -\\n" 0',
    codes: ['transfer.some-failed', 'transfer.checksum', 'transfer.changed'],
  },
  'hashes without end': {
    program: 'sha256sum',
    script:
      "yes 0000000000000000000000000000000000000000000000000000000000000000 | tr -d '\\n' | head -c 400000000",
    codes: ['transfer.protocol', 'transfer.some-failed'],
  },
} as const satisfies Record<string, Tool>;
export type ToolName = keyof typeof TOOLS;

/** Greets as it should, then breaks the protocol in one of several ways. */
export const EVIL_SFTP = `#!/usr/bin/python3
import os, struct, sys
mode = 'MODE'
out = sys.stdout.buffer
def send(kind, body):
    out.write(struct.pack('>IB', len(body) + 1, kind) + body)
    out.flush()
def read(count):
    data = b''
    while len(data) < count:
        piece = sys.stdin.buffer.read(count - len(data))
        if not piece: sys.exit(0)
        data += piece
    return data
if mode == 'garbage':
    while True: out.write(os.urandom(65536))
while True:
    length, = struct.unpack('>I', read(4))
    packet = read(length)
    kind, body = packet[0], packet[1:]
    if kind == 1:
        send(2, struct.pack('>I', 3))
        continue
    number = body[:4]
    if mode == 'length':
        out.write(struct.pack('>IB', 0xfffffff0, 103)); out.flush()
    elif mode == 'ids':
        number = struct.pack('>I', 77777)
    if kind == 3: send(102, number + struct.pack('>I', 1) + b'h')
    elif kind == 4: send(101, number + struct.pack('>III', 0, 0, 0))
    elif kind == 5:
        wanted, = struct.unpack('>I', body[-4:])
        if mode == 'more': wanted += 1000
        data = os.urandom(wanted)
        send(103, number + struct.pack('>I', len(data)) + data)
        if mode == 'endless':
            while True: send(103, number + struct.pack('>I', len(data)) + data)
    elif kind in (7, 8, 17): send(105, number + struct.pack('>I', 0))
    else: send(101, number + struct.pack('>III', 8, 0, 0))
`;
