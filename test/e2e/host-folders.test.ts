import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FolderChange, FoundItem } from '../../src/api/folder-contract.ts';
import { connectClient } from '../../src/api/http/connect.ts';
import type { NewToken } from '../../src/api/access-contract.ts';
import type { TaskApi } from '../../src/api/task-api.ts';
import type { Change } from '../../src/api/watch-contract.ts';
import { DaemonUnderTest } from '../faults/daemon-under-test.ts';
import { type LabFleet, labFleet, onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';

/** Folders of a host and of this machine as a file manager has them: looked into, searched, watched, filled, emptied. */
let folder: string;
let fleet: LabFleet;
let host: LabHost;
let other: LabHost;
let daemon: DaemonUnderTest;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dh-host-folders-'));
  fleet = await labFleet([227, 228], folder);
  [host, other] = fleet.hosts as [LabHost, LabHost];
  daemon = await DaemonUnderTest.start(folder);
  ({ url } = await daemon.api.openConsole(fleet.surroundings, { port: 0, address: '127.0.0.1' }));
  await onHost(
    host,
    `mkdir -p /srv/tree/deep/er /srv/tree/closed; cd /srv/tree; printf 'abc' > 'Report 1.txt'; ln -s nowhere link
printf x > '<img src=x onerror=alert(1)>.html'; printf x > "$(printf 'bad\\377name')"; printf x > "$(printf 'two\\nlines')"
touch deep/er/report-2.TXT deep/report3 deep/er/other .hidden; chmod 0640 'Report 1.txt'; chown 65534:65534 'Report 1.txt'`,
  );
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await fleet?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const nowhere = { folder: '', overrides: {} };
async function bearer(name: string, limits: Partial<NewToken> = {}): Promise<TaskApi> {
  const { token } = await daemon.api.addToken(fleet.surroundings, { name, role: 'operator', ...limits });
  return connectClient({ url, token });
}
async function all<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}
const { signal } = new AbortController();

it('lists a folder with all that is known of each entry, whatever its name', async () => {
  const { api } = daemon;
  const at = fleet.surroundings;
  const view = await api.listFolder(at, { host: host.name, path: '/srv/tree/' });
  expect([view.path, view.truncated]).toEqual(['/srv/tree', false]);
  const names = view.entries.map(({ name }) => name);
  expect(names).toContain('<img src=x onerror=alert(1)>.html');
  expect(names).toContain('two\nlines');
  expect(view.entries.find(({ name }) => name === 'Report 1.txt')).toMatchObject({
    type: 'file',
    size: 3,
    mode: '0640',
    owner: 'nobody',
  });
  expect(view.entries.find(({ name }) => name === 'link')).toMatchObject({
    type: 'symlink',
    link: 'nowhere',
  });
  const bad = view.entries.find(({ raw }) => raw !== undefined);
  expect(Buffer.from(bad?.raw ?? '', 'base64').toString('latin1')).toBe('bad\u00ffname');
  // from the home, as an absolute path
  expect((await api.listFolder(at, { host: host.name, path: '' })).path).toBe('/root');
  const gone = api.listFolder(at, { host: host.name, path: '/srv/none' });
  await expect(gone).rejects.toMatchObject({ code: 'transfer.missing' });
});

it('finds names below a folder, as they are found; ends with what was looked through', async () => {
  const search = async (name: string, limit?: number): Promise<readonly FoundItem[]> =>
    await all(
      daemon.api.searchFolder(
        fleet.surroundings,
        { host: host.name, path: '/srv/tree', name, ...(limit !== undefined && { limit }) },
        { signal },
      ),
    );
  const found = await search('REPORT');
  expect(
    found
      .slice(0, -1)
      .map(item => item.item === 'found' && item.path)
      .toSorted((one, other) => (String(one) < String(other) ? -1 : 1)),
  ).toEqual(['/srv/tree/Report 1.txt', '/srv/tree/deep/er/report-2.TXT', '/srv/tree/deep/report3']);
  expect(found.at(-1)).toEqual({ item: 'searched', found: 3, why: 'all', closed: 0 });
  expect((await search('report?')).slice(0, -1)).toEqual([
    { item: 'found', path: '/srv/tree/deep/report3', isFolder: false },
  ]);
  expect((await search('ER')).find(item => item.item === 'found' && item.isFolder)).toMatchObject({
    path: '/srv/tree/deep/er',
  });
  expect((await search('*', 2)).at(-1)).toMatchObject({ found: 2, why: 'limit' });
  // a name is a word, not a part of a script
  expect(await search("';touch /srv/tree/owned;'")).toHaveLength(1);
  expect(await onHost(host, 'ls /srv/tree/owned 2>&1 || true')).toContain('No such file');
});

it('leaving a search ends it on the host', async () => {
  await onHost(host, 'mkdir -p /srv/many; cd /srv/many; seq 20000 | xargs touch');
  const leave = new AbortController();
  const search = { host: host.name, path: '/srv/many', name: '*', limit: 10_000 };
  for await (const { item } of daemon.api.searchFolder(fleet.surroundings, search, {
    signal: leave.signal,
  })) {
    expect(item).toBe('found');
    break;
  }
  leave.abort();
  await expect
    .poll(async () => await onHost(host, "ps ax | grep -c '[f]ind . -xdev' || true"), { timeout: 60_000 })
    .toBe('0\n');
});

it('tells when something in a folder is different: on the host, and here', async () => {
  const here = join(folder, 'watched');
  await mkdir(here);
  const places = [
    {
      host: host.name,
      path: '/srv/tree',
      change: async () => await onHost(host, 'echo more >> /srv/tree/.hidden'),
    },
    { host: null, path: here, change: async () => await writeFile(join(here, 'new'), 'x') },
  ];
  for (const { change, ...place } of places) {
    const stop = new AbortController();
    const told: FolderChange['item'][] = [];
    for await (const { item } of daemon.api.watchFolder(fleet.surroundings, place, { signal: stop.signal })) {
      told.push(item);
      if (item === 'watching') await change();
      if (item === 'changed') break;
    }
    stop.abort();
    expect(told[0]).toBe('watching');
  }
  const missing = all(
    daemon.api.watchFolder(fleet.surroundings, { host: host.name, path: '/none' }, { signal }),
  );
  await expect(missing).rejects.toMatchObject({ code: 'transfer.missing' });
});

it('looks into folders of this machine for its owner', async () => {
  const place = join(folder, 'mine');
  await mkdir(join(place, 'sub'), { recursive: true });
  await writeFile(join(place, 'sub/Notes.md'), 'x', { mode: 0o600 });
  const { entries } = await daemon.api.listFolder(fleet.surroundings, { host: null, path: place });
  expect(entries).toMatchObject([{ name: 'sub', type: 'directory' }]);
  const search = { host: null, path: place, name: 'notes' };
  expect(await all(daemon.api.searchFolder(fleet.surroundings, search, { signal }))).toEqual([
    { item: 'found', path: join(place, 'sub/Notes.md'), isFolder: false },
    { item: 'searched', found: 1, why: 'all', closed: 0 },
  ]);
  await using guest = await bearer('guest');
  await expect(guest.listFolder(nowhere, { host: null, path: '/' })).rejects.toMatchObject({
    code: 'api.forbidden',
  });
});

it('brings a large file of somebody afar to a host and back, as tasks; then nothing of it lies here', async () => {
  await using guest = await bearer('carrier');
  const bytes = Buffer.alloc(9 * 1024 * 1024 + 7, 'deckhand ');
  const hash = createHash('sha256').update(bytes).digest('hex');
  const { id } = await guest.beginUpload({ name: "it's <b>.bin", size: bytes.length });
  const send = async (): Promise<unknown> =>
    await guest.sendUpload(nowhere, id, { host: host.name, folder: '/srv' });
  await expect(send()).rejects.toMatchObject({ code: 'input.invalid' });
  const piece = 4 * 1024 * 1024;
  for (let at = 0; at < bytes.length; at += piece)
    expect(await guest.addToUpload(id, at, bytes.subarray(at, at + piece))).toEqual({
      received: Math.min(at + piece, bytes.length),
    });
  await expect(guest.addToUpload(id, bytes.length, new Uint8Array(1))).rejects.toMatchObject({
    code: 'input.invalid',
  });
  // nobody else may touch it, whoever it is
  await using thief = await bearer('thief');
  await expect(thief.addToUpload(id, 0, new Uint8Array(1))).rejects.toMatchObject({
    code: 'transfer.missing',
  });
  const { tasks } = await guest.sendUpload(nowhere, id, { host: host.name, folder: '/srv' });
  expect((await daemon.ended(tasks[0]?.id ?? '')).state).toBe('succeeded');
  expect(await onHost(host, `sha256sum < "/srv/it's <b>.bin"`)).toBe(`${hash}  -\n`);

  const fetching = await guest.fetchFile(nowhere, host.name, "/srv/it's <b>.bin");
  expect((await daemon.ended(fetching.submitted.tasks[0]?.id ?? '')).state).toBe('succeeded');
  await expect(all(thief.fetched(fetching.id, { signal }))).rejects.toMatchObject({
    code: 'transfer.missing',
  });
  const back = Buffer.concat(await all(guest.fetched(fetching.id, { signal })));
  expect(createHash('sha256').update(back).digest('hex')).toBe(hash);
  for (const name of ['..', 'a/b', ''])
    await expect(guest.beginUpload({ name, size: 1 })).rejects.toMatchObject({ code: 'input.invalid' });
});

it('a caller with one host sees neither files nor news of another (A28)', async () => {
  await using mine = await bearer('mine', { hosts: host.name });
  const forbidden = expect.objectContaining({ code: 'api.forbidden' });
  for (const call of [
    async () => await mine.listFolder(nowhere, { host: other.name, path: '/' }),
    async () => await all(mine.searchFolder(nowhere, { host: other.name, path: '/', name: 'x' }, { signal })),
    async () => await all(mine.watchFolder(nowhere, { host: other.name, path: '/' }, { signal })),
    async () => await mine.fetchFile(nowhere, other.name, '/etc/hostname'),
    async () => await mine.changeSetting(nowhere, 'concurrency', 5),
    async () => await mine.removeHost(nowhere, other.name),
    async () => await mine.endSessions({ except: 'x' }),
  ])
    await expect(call()).rejects.toEqual(forbidden);

  const stop = new AbortController();
  const seen: Change[] = [];
  const foreign = { kind: 'ssh.execute', hosts: other.name, params: { command: 'echo foreign' } };
  const own = { ...foreign, hosts: host.name, params: { command: 'echo own' } };
  for await (const change of mine.changes({ signal: stop.signal, logs: [] })) {
    seen.push(change);
    if (change.item === 'hello')
      for (const wish of [foreign, own]) {
        const { tasks } = await daemon.api.submit({ ...wish, surroundings: fleet.surroundings });
        await daemon.ended(tasks[0]?.id ?? '');
      }
    if (change.item === 'tasks' && change.tasks.some(({ state }) => state === 'succeeded')) break;
  }
  const told = JSON.stringify(seen);
  expect(told).toContain('echo own');
  expect(told).not.toContain('foreign');
  expect(told).not.toContain(other.name);
});

it('changes a setting of the account, keeps comments, and writes down who did it', async () => {
  const settings = join(folder, 'config/deckhand/deckhand.yaml');
  await mkdir(join(folder, 'config/deckhand'), { recursive: true });
  await writeFile(settings, '# mine\nconcurrency: 40 # many\n');
  const at = { folder, overrides: {} };
  const before = await daemon.api.settings(at);
  expect(before.settings.find(({ name }) => name === 'concurrency')).toMatchObject({
    layer: 'own',
    value: 40,
  });
  expect(await daemon.api.changeSetting(at, 'concurrency', '7')).toMatchObject({ value: 7, own: 7 });
  expect(await readFile(settings, 'utf8')).toBe('# mine\nconcurrency: 7 # many\n');
  const refused = daemon.api.changeSetting(at, 'concurrency', 0);
  await expect(refused).rejects.toThrow(/^concurrency: /);
  expect(await readFile(settings, 'utf8')).toBe('# mine\nconcurrency: 7 # many\n');
  const { entries } = await daemon.api.auditTrail({ limit: 20 });
  expect(
    entries
      .filter(({ action, who }) => action === 'api.changeSetting' && !who.startsWith('token:'))
      .map(({ why }) => why),
  ).toEqual(['failed input.invalid', 'done']);
  expect(await readdir(join(folder, 'config/deckhand'))).toEqual(['deckhand.yaml']);
});
