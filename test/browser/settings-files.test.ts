import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { openSite, type ConsoleSite } from './console-site.ts';
import { seriousFindings, takePicture } from './look.ts';

/** Files of a real server and settings of a real account, in a real browser. What one test did is there for the next. */
let site: ConsoleSite;
let page: Page;
let host = '';

const HOSTILE = '<img src=x onerror="globalThis.stolen=1">.html';
const FOLDER = '/srv/shop';

beforeAll(async () => {
  site = await openSite([{ number: 229, kind: 'booted' }]);
  host = site.hosts[0]?.name ?? '';
  await onHost(
    `mkdir -p ${FOLDER}/deep/er ${FOLDER}/many; cd ${FOLDER}; printf 'one\\r\\ntwo\\r\\n' > app.conf
chmod 0640 app.conf; chown 65534:65534 app.conf; printf x > '${HOSTILE}'; head -c 64 /dev/zero > binary
touch .hidden deep/er/needle.txt; seq 1 100000 | sed 's,^,many/f-,' | xargs touch`,
  );
  page = await site.open(`/files?host=${host}&path=${FOLDER}`);
});
afterAll(async () => await site?.[Symbol.asyncDispose]());

async function onHost(command: string): Promise<string> {
  const answer = await site.hosts[0]?.run(command);
  if (answer?.code !== 0) throw new Error(`${command}: ${answer?.stderr}`);
  return answer.stdout;
}
const row = (name: string) => page.locator(`[data-row="${name.replaceAll('"', '\\"')}"]`);
const dialog = () => page.getByRole('dialog').last();
const press = async (name: string): Promise<void> =>
  await dialog().getByRole('button', { name, exact: true }).click();

describe('Files', () => {
  it('shows a folder, whatever its names are, also after a reload', async () => {
    await row('app.conf').waitFor();
    await page.getByText(HOSTILE).waitFor();
    expect(await row('.hidden').count()).toBe(0);
    await page.getByLabel('hidden').check();
    await row('.hidden').waitFor();
    await page.reload();
    await row('.hidden').waitFor();
    expect(await page.evaluate('globalThis.stolen')).toBeUndefined();
    expect(await seriousFindings(page)).toEqual([]);
    await takePicture(page, 'files-light');
  });

  it('walks by keyboard, filters, and draws only what is seen of a hundred thousand', async () => {
    await row('many').focus();
    await page.keyboard.press('Enter');
    await page.locator('[data-shown="100000"]').waitFor();
    expect(await page.locator('[data-row]').count()).toBeLessThan(100);
    await page.keyboard.press('/');
    await page.keyboard.type('f-9999');
    await page.locator('[data-shown="11"]').waitFor();
    await page.goBack();
    await row('app.conf').waitFor();
  });

  it('finds a name below, and goes there', async () => {
    await page.getByRole('button', { name: 'Search below' }).click();
    await page.getByLabel(/name below this folder/).fill('NEEDLE');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: `${FOLDER}/deep/er/needle.txt` }).click();
    await dialog().getByText('needle.txt').first().waitFor();
    await page.goto(`${site.url}/files?host=${host}&path=${FOLDER}`);
  });

  it('shows what somebody else does in the folder', async () => {
    await page.locator('[data-watched=true]').waitFor();
    await onHost(`touch ${FOLDER}/appeared`);
    await row('appeared').waitFor();
  });

  it('edits: the difference is looked at, another writer is not overwritten, mode, owner and ends stay', async () => {
    await row('app.conf').click();
    await press('Edit');
    const text = page.getByLabel('text of the file');
    await text.waitFor();
    await dialog().getByText('CRLF').waitFor();
    await text.fill('one\n2\n');
    await onHost(`printf 'zero\\r\\none\\r\\ntwo\\r\\n' > ${FOLDER}/app.conf`);
    await press('Review the change');
    expect(await seriousFindings(page)).toEqual([]);
    await press('Save exactly this');
    await page.getByText('file.changed').waitFor();
    await press('Read again and compare');
    await dialog().getByText('- zero').waitFor();
    await press('Edit on');
    await text.fill('zero\none\n2\n');
    await press('Review the change');
    await takePicture(page, 'editor-light');
    await press('Save exactly this');
    await page.getByText(/Saved; mode 0640 and owner nobody/).waitFor();
    expect(await onHost(`cat ${FOLDER}/app.conf; stat -c '%a %u' ${FOLDER}/app.conf`)).toBe(
      'zero\r\none\r\n2\r\n640 65534\n',
    );
    // what was typed is not lost by a wrong key
    await text.fill('gone?');
    await page.keyboard.press('Escape');
    await page.getByText('What you changed is not saved.').waitFor();
    await press('Leave it');
  });

  it('does not edit what is no text, and says what to do instead', async () => {
    await row('binary').click();
    await press('Edit');
    await page.getByText('This is no text').waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), press('Download it')]);
    const pieces: Buffer[] = [];
    for await (const piece of await download.createReadStream()) pieces.push(piece as Buffer);
    expect(Buffer.concat(pieces).equals(Buffer.alloc(64))).toBe(true);
    expect(download.suggestedFilename()).toBe('binary');
    await page.keyboard.press('Escape');
  });

  it('uploads as a task, makes a folder, renames and deletes after the exact command was shown', async () => {
    await page
      .getByLabel('files to upload')
      .setInputFiles({ name: 'up load.bin', mimeType: 'x/y', buffer: Buffer.alloc(5_000_000, 'ab') });
    await page.locator('[data-transfer=done]').nth(1).waitFor();
    await row('up load.bin').waitFor();
    expect(await onHost(`stat -c %s '${FOLDER}/up load.bin'`)).toBe('5000000\n');
    await page.getByRole('button', { name: 'New folder' }).click();
    await dialog().getByLabel('name').fill("it's new");
    await press('Make it');
    await row("it's new").waitFor();
    await row('up load.bin').click();
    await press('Rename');
    await dialog().getByLabel('name').fill('renamed.bin');
    await press('Rename it');
    await row('renamed.bin').click();
    await press('Delete');
    await dialog().getByText(`$ rm -- ${FOLDER}/renamed.bin`).waitFor();
    await press('Delete it for good');
    await row('renamed.bin').waitFor({ state: 'detached' });
    expect(await onHost(`ls ${FOLDER}`)).not.toContain('renamed');
  });

  it('shows folders of this machine too', async () => {
    await page.goto(`${site.url}/files?host=.&path=${encodeURIComponent(site.folder)}`);
    await page.locator('[data-watched=true]').waitFor();
    await writeFile(join(site.folder, 'here-too'), 'x');
    await row('here-too').waitFor();
  });
});

describe('Settings', () => {
  it('shows every value with its source, and changes one as the file would check it', async () => {
    await page.goto(`${site.url}/settings`);
    await row('concurrency').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await takePicture(page, 'settings-light');
    await row('concurrency').click();
    await page.reload();
    await dialog().getByLabel('value').fill('0');
    await press('Save to your file');
    await dialog().getByText('input.invalid').waitFor();
    await dialog().getByLabel('value').fill('7');
    await press('Save to your file');
    await page.getByText('concurrency is 7 now.').waitFor();
    await dialog()
      .getByText(/your file/)
      .first()
      .waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    const file = await page
      .getByText(/deckhand\.yaml/)
      .first()
      .textContent();
    expect(await readFile(/\/\S+deckhand\.yaml/.exec(file ?? '')?.[0] ?? '', 'utf8')).toContain(
      'concurrency: 7',
    );
  });

  it('makes a token that is shown once, and signs other browsers out at once', async () => {
    await page.getByLabel('name of a new token').fill('ci');
    await page.getByRole('button', { name: 'Make it' }).click();
    const shown = await page.locator('[data-fresh-token]').textContent();
    expect(shown).toMatch(/dhk_[\w-]{20,}/);
    await page.reload();
    await page.locator('[data-token=ci]').waitFor();
    expect(await page.content()).not.toContain('dhk_');
    const other = await site.open('/fleet');
    await page.reload();
    await page.getByRole('button', { name: 'Sign out all others' }).click();
    await other.getByText('Nobody is signed in.').waitFor();
    await other.context().close();
    await page.locator('[data-session=mine]').waitFor();
    // the other one may hear of it before this page has its answer
    await page.locator('[data-session=other]').waitFor({ state: 'detached' });
    await page.locator('[data-token=ci]').getByRole('button', { name: 'Remove' }).click();
    await page.locator('[data-token=ci]').getByRole('button', { name: 'Yes, remove it' }).click();
    await page.locator('[data-token=ci]').waitFor({ state: 'detached' });
  });

  it('dark, and no wider than a phone', async () => {
    const dark = await site.open('/settings', { colorScheme: 'dark', viewport: { width: 390, height: 780 } });
    for (const path of ['/settings', `/files?host=${host}&path=${FOLDER}`]) {
      await dark.goto(`${site.url}${path}`);
      await dark.locator('[data-row]').first().waitFor();
      expect(await seriousFindings(dark)).toEqual([]);
      expect(await dark.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(390);
    }
    await takePicture(dark, 'files-phone');
    await dark.context().close();
  });
});

it('makes a lasting rule of what the policy asks about, as wide as the person writes it', async () => {
  await writeFile(join(site.folder, 'deckhand.yaml'), `policy: { mode: ask }\ngroups: { pair: [${host}] }\n`);
  // files count as read for two seconds
  await expect
    .poll(async () => (await site.run('policy', 'explain', 'mkdir /srv/x', '--host', host)).code)
    .toBe(7);
  await page.goto(`${site.url}/fleet`);
  await page.getByLabel('group', { exact: true }).waitFor();
  await page.getByLabel(`choose ${host}`).check();
  await page.getByRole('button', { name: 'Run a command' }).click();
  const command = dialog().locator('textarea');
  await command.fill('mkdir -p /srv/ruled/one');
  await press('Run');
  await press('Always allow …');
  const rule = dialog().getByRole('group', { name: 'from now on run unasked' });
  const words = rule.getByLabel(/^command/);
  expect(await words.inputValue()).toBe('mkdir -p /srv/ruled/one');
  expect(await seriousFindings(page)).toEqual([]);
  await words.fill('* -p /srv/ruled/one');
  // Enter in it is about the rule, never a yes to the command
  await words.press('Enter');
  await rule.getByText(/it must name a program/).waitFor();
  await words.fill('mkdir -p /srv/ruled/*');
  await rule.getByLabel(/^on servers/).fill('nowhere');
  await rule.getByLabel('all servers of a group').selectOption('pair');
  expect(await rule.getByLabel(/^on servers/).inputValue()).toBe(host);
  await rule.getByRole('button', { name: 'Save the rule' }).click();
  await dialog().locator('[data-saved-rule]').getByText('From now on it runs unasked.').waitFor();
  expect(await onHost('ls /srv')).not.toContain('ruled');
  await command.fill('mkdir -p /srv/else');
  await press('Run');
  await dialog().locator('[data-policy-question]').waitFor();
  await command.fill('mkdir -p /srv/ruled/two');
  await press('Run');
  await page.locator('[data-verdict=succeeded]').waitFor();
  expect(await onHost('ls /srv/ruled')).toBe('two\n');
  await page.goto(`${site.url}/settings`);
  await page.locator('[data-rule=always-mkdir-p-srv-ruled]').getByText('mkdir -p /srv/ruled/*').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

it('offers no lasting rule for what destroys', async () => {
  await page.goto(`${site.url}/files?host=${host}&path=${FOLDER}`);
  await row('binary').click();
  await press('Delete');
  await press('Delete it for good');
  await press('Always allow …');
  await dialog()
    .getByText(/^No lasting rule: it risks data-loss/)
    .waitFor();
  expect(await onHost(`ls ${FOLDER}`)).toContain('binary');
});

it('removes a server that deckhand.yaml has, and leaves the ssh configuration alone', async () => {
  await writeFile(
    join(site.folder, 'deckhand.yaml'),
    '# mine\nhosts:\n  temporary: { address: 192.0.2.1 }\n',
  );
  // files count as read for two seconds
  const shown = async (): Promise<number> => {
    await page.goto(`${site.url}/fleet?host=temporary`);
    await row(host).waitFor();
    return await row('temporary').count();
  };
  await expect.poll(shown).toBe(1);
  await page.getByRole('dialog', { name: 'temporary' }).getByRole('button', { name: 'Remove' }).click();
  await press('Yes, forget this server');
  await row('temporary').waitFor({ state: 'detached' });
  expect(await readFile(join(site.folder, 'deckhand.yaml'), 'utf8')).toBe('# mine\n');
  await page.goto(`${site.url}/fleet?host=${host}`);
  await page.getByRole('dialog').getByRole('button', { name: 'Test the connection' }).waitFor();
  expect(await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).count()).toBe(0);
});

it('saves what a run did as a document, and turns a question into a request', async () => {
  await page.goto(`${site.url}/agent?intent=install+nginx`);
  await page.getByLabel('on which servers').fill(host);
  await page.getByRole('button', { name: 'Only plan' }).click();
  await page.locator('[data-verdict=succeeded]').waitFor();
  for (const [form, ending, word] of [
    ['markdown', '.md', '# '],
    ['html', '.html', '<!doctype html>'],
    ['json', '.json', '"version": 1'],
  ] as const) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByLabel('report of this run').selectOption(form),
    ]);
    expect(download.suggestedFilename().endsWith(ending)).toBe(true);
    expect(await readFile(await download.path(), 'utf8')).toContain(word);
  }
  await page.goto(`${site.url}/chat`);
  await page.locator('textarea').fill(`serve ${HOSTILE}`);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'turn into a task' }).click();
  expect(await page.getByLabel('what should be so').inputValue()).toBe(`serve ${HOSTILE}`);
  expect(await page.evaluate('globalThis.stolen')).toBeUndefined();
});
