import assert from 'node:assert/strict';
import type { TestRunner } from '../conformance.ts';
import { kindOf, permissionsOf } from './attributes.ts';
import { iterableSource } from './byte-source.ts';
import { OPENSSH } from './extension-names.ts';
import { readRange } from './read-range.ts';
import { joinRemotePath, pathKey, type RemotePath, toRemotePath } from './remote-path.ts';
import type { SftpClient } from './sftp-client.ts';
import { writeRange } from './write-range.ts';

/** A client and an empty folder of its own on the host. */
export interface SftpSite extends AsyncDisposable {
  readonly client: SftpClient;
  readonly folder: RemotePath;
}

interface ConformanceCase {
  readonly title: string;
  readonly run: (client: SftpClient, at: (name: string | RemotePath) => RemotePath) => Promise<void>;
}

const MEBIBYTE = 1024 * 1024;

/** What must hold against every SFTP server; `makeSite` opens a new session, the suite disposes it. */
export function sftpConformance(
  name: string,
  makeSite: () => Promise<SftpSite>,
  { describe, it }: TestRunner,
): void {
  describe(`${name}: SFTP conformance`, () => {
    for (const { title, run } of CASES) {
      it(title, async () => {
        await using site = await makeSite();
        await run(site.client, entry => joinRemotePath(site.folder, toRemotePath(entry)));
      });
    }
  });
}

const CASES: readonly ConformanceCase[] = [
  {
    title: 'writes and reads sizes around every border, identical',
    run: async (client, at) => {
      const { read, write } = client.limits;
      for (const size of [0, 1, 32_767, 32_769, write - 1, write, write + 1, read + 1, 5 * MEBIBYTE + 3]) {
        const bytes = pattern(size);
        await put(client, at(`f${size}`), bytes);
        assert.equal((await client.stat(at(`f${size}`))).size, size);
        assert.ok((await get(client, at(`f${size}`))).equals(bytes), `${size} bytes`);
      }
    },
  },
  {
    title: 'reads and writes ranges, beyond 4 GiB too',
    run: async (client, at) => {
      const far = 5 * 1024 ** 3 + 7;
      await using file = await client.open(at('sparse'), { read: true, write: true, create: true });
      await writeRange(client, file, iterableSource([Buffer.from('far')]), { offset: far });
      await writeRange(client, file, iterableSource([Buffer.from('near')]), { offset: 2 });
      assert.equal((await client.statHandle(file)).size, far + 3);
      assert.equal((await collect(readRange(client, file, { offset: far }))).toString(), 'far');
      assert.equal((await collect(readRange(client, file, { offset: 3, length: 3 }))).toString(), 'ear');
      const beyond = collect(readRange(client, file, { offset: far, length: 9 }));
      await assert.rejects(beyond, { code: 'transfer.changed' });
    },
  },
  {
    title: 'tells progress from acknowledged bytes, growing to the size',
    run: async (client, at) => {
      const bytes = pattern(3 * MEBIBYTE);
      const seen: number[] = [];
      await put(client, at('file'), bytes, done => seen.push(done));
      assert.equal(seen.at(-1), bytes.length);
      assert.deepEqual(
        seen,
        seen.toSorted((a, b) => a - b),
      );
      assert.ok(seen.length >= bytes.length / client.limits.write);
    },
  },
  {
    title: 'keeps names as bytes: newline, quotes, dash, not UTF-8, 255 bytes',
    run: async (client, at) => {
      const names = ['a\nb', '"\'`$(x)', '-rf', ' ', '\u00fc', 'x'.repeat(255)]
        .map(toRemotePath)
        .concat(Buffer.from([0xff, 0xfe, 0x80, 0x0a, 0x1b, 0x5b]));
      for (const name of names) await put(client, at(name), pattern(3));
      assert.deepEqual(await namesIn(client, at('.')), names.map(pathKey).toSorted());
      for (const name of names) await client.remove(at(name));
      assert.deepEqual(await namesIn(client, at('.')), []);
    },
  },
  {
    title: 'lists 1,000 entries one by one, and no more than asked for',
    run: async (client, at) => {
      await Promise.all(
        Array.from({ length: 1_000 }, (_, index) =>
          client.open(at(`n${index}`), { write: true, create: true }).then(handle => handle.close()),
        ),
      );
      assert.equal((await namesIn(client, at('.'))).length, 1_000);
      const limited = (async () => {
        for await (const entry of client.list(at('.'), { limit: 100 })) assert.ok(entry.name.length > 0);
      })();
      await assert.rejects(limited, { code: 'transfer.too-many-entries' });
      for await (const entry of client.list(at('.'))) {
        assert.equal(kindOf(entry.attributes), 'file');
        break;
      }
    },
  },
  {
    title: 'makes, renames and removes; sets modes and times; follows links only when told',
    run: async (client, at) => {
      await client.makeFolder(at('folder'), { mode: 0o750 });
      await put(client, at('folder/file'), pattern(10));
      await client.setAttributes(at('folder/file'), {
        mode: 0o640,
        times: { access: 1_000_000_000, modification: 1_234_567_890 },
      });
      const attributes = await client.stat(at('folder/file'));
      assert.equal(permissionsOf(attributes), 0o640);
      assert.equal(attributes.times?.modification, 1_234_567_890);
      await client.symbolicLink('folder/file', at('link'));
      assert.equal(Buffer.from(await client.readLink(at('link'))).toString(), 'folder/file');
      assert.equal(kindOf(await client.lstat(at('link'))), 'symlink');
      assert.equal(kindOf(await client.stat(at('link'))), 'file');
      assert.equal(kindOf(await client.stat(at('folder'))), 'directory');
      await client.rename(at('folder/file'), at('moved'));
      await client.removeFolder(at('folder'));
      await client.remove(at('link'));
      assert.deepEqual(await namesIn(client, at('.')), ['moved']);
      assert.equal(pathKey(await client.realPath(at('./moved'))), pathKey(at('moved')));
    },
  },
  {
    title: 'says what went wrong',
    run: async (client, at) => {
      await put(client, at('file'), pattern(1));
      await client.makeFolder(at('folder'));
      await put(client, at('folder/inside'), pattern(1));
      const expectations: readonly (readonly [string, () => Promise<unknown>])[] = [
        ['transfer.missing', () => client.stat(at('nothing'))],
        ['transfer.missing', () => client.open(at('nothing'), { read: true })],
        ['transfer.missing', () => client.makeFolder(at('nothing/folder'))],
        ['transfer.not-a-directory', () => client.stat(at('file/below'))],
        ['transfer.not-a-directory', () => client.open(at('file/below/it'), { write: true, create: true })],
        ['transfer.exists', () => client.makeFolder(at('folder'))],
        ['transfer.exists', () => client.open(at('file'), { write: true, create: true, exclusive: true })],
        ['transfer.exists', () => client.symbolicLink('x', at('file'))],
        ['transfer.exists', () => client.rename(at('folder/inside'), at('file'))],
        ['transfer.is-a-directory', () => client.open(at('folder'), { write: true, create: true })],
        ['transfer.not-empty', () => client.removeFolder(at('folder'))],
        ['transfer.name-too-long', () => client.open(at('y'.repeat(256)), { write: true, create: true })],
        ['input.invalid', () => client.stat('a\0b')],
      ];
      for (const [code, attempt] of expectations) await assert.rejects(attempt(), { code }, code);
      await assert.rejects(namesIn(client, at('file')), { code: 'transfer.not-a-directory' });
    },
  },
  {
    title: 'aborts a request, a reading and a writing, and goes on',
    run: async (client, at) => {
      await put(client, at('file'), pattern(8 * MEBIBYTE));
      const now = { signal: AbortSignal.abort() };
      await assert.rejects(client.stat(at('file'), now), { code: 'command.cancelled' });
      await using file = await client.open(at('file'), { read: true, write: true });
      const controller = new AbortController();
      const reading = (async () => {
        for await (const part of readRange(client, file, { signal: controller.signal })) {
          assert.ok(part.length > 0);
          controller.abort();
        }
      })();
      await assert.rejects(reading, { code: 'command.cancelled' });
      const stopper = new AbortController();
      const writing = writeRange(client, file, iterableSource(forever()), {
        signal: stopper.signal,
        onProgress: bytes => {
          if (bytes > 2 * MEBIBYTE) stopper.abort();
        },
      });
      await assert.rejects(writing, { code: 'command.cancelled' });
      assert.ok(((await client.statHandle(file)).size ?? 0) >= 8 * MEBIBYTE);
    },
  },
  {
    title: 'has 2,000 requests at the same time',
    run: async (client, at) => {
      const answers = await Promise.all(Array.from({ length: 2_000 }, () => client.stat(at('.'))));
      assert.ok(answers.every(attributes => kindOf(attributes) === 'directory'));
      assert.equal(client.session.requestsInFlight, 0);
    },
  },
  {
    title: "does what the server's extensions promise",
    run: async (client, at) => {
      const has = (name: string): boolean => client.session.supports(name);
      await put(client, at('one'), pattern(100_000));
      await put(client, at('two'), pattern(1));
      if (has(OPENSSH.posixRename)) await client.replace(at('two'), at('one'));
      else await client.remove(at('two'));
      assert.equal((await namesIn(client, at('.'))).length, 1);
      if (has(OPENSSH.hardlink)) {
        await client.hardLink(at('one'), at('same'));
        assert.ok((await get(client, at('same'))).equals(await get(client, at('one'))));
      }
      if (has(OPENSSH.statvfs)) assert.ok((await client.fileSystem(at('one'))).longestName >= 100);
      if (has(OPENSSH.lsetstat)) {
        await client.symbolicLink('nowhere', at('link'));
        await client.setLinkAttributes(at('link'), { times: { access: 5, modification: 6 } });
        assert.equal((await client.lstat(at('link'))).times?.modification, 6);
      }
      if (has(OPENSSH.expandPath)) assert.equal((await client.expandPath('~'))[0], 0x2f);
      await using source = await client.open(at('one'), { read: true });
      await using copy = await client.open(at('copy'), { read: true, write: true, create: true });
      if (has(OPENSSH.copyData)) {
        await client.copyData({ handle: source, offset: 0, length: 0 }, { handle: copy, offset: 0 });
        assert.ok((await get(client, at('copy'))).equals(await get(client, at('one'))));
      }
      if (has(OPENSSH.fsync)) await client.sync(copy);
    },
  },
];

async function put(
  client: SftpClient,
  path: RemotePath,
  bytes: Buffer,
  onProgress: (bytes: number) => void = () => undefined,
): Promise<void> {
  await using file = await client.open(path, { write: true, create: true, truncate: true });
  const written = await writeRange(client, file, iterableSource([bytes]), { onProgress });
  assert.equal(written, bytes.length);
}

async function get(client: SftpClient, path: RemotePath): Promise<Buffer> {
  await using file = await client.open(path, { read: true });
  return await collect(readRange(client, file));
}

async function collect(parts: ReturnType<typeof readRange>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const part of parts) pieces.push(...part.pieces);
  return Buffer.concat(pieces);
}

async function namesIn(client: SftpClient, path: RemotePath): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of client.list(path)) names.push(pathKey(entry.name));
  return names.toSorted();
}

function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + (at >>> 8)) & 0xff;
  return bytes;
}

function* forever(): Generator<Uint8Array> {
  for (;;) yield new Uint8Array(100_000);
}
