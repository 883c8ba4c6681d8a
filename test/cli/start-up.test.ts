import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const source = join(import.meta.dirname, '../../src');

/** Every module that is loaded when these are, and by what is done then, in a process of its own. */
function loadedWith(files: readonly string[], then = ''): readonly string[] {
  const script = `
    import { registerHooks } from 'node:module';
    const seen = [];
    registerHooks({ load(url, context, next) { seen.push(url); return next(url, context); } });
    for (const file of ${JSON.stringify(files.map(file => pathToFileURL(join(source, file)).href))}) await import(file);
    ${then}
    console.log(JSON.stringify(seen));`;
  const text = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  return JSON.parse(text) as readonly string[];
}

/** Start-up is felt: what the most used path loads is a decision, not an accident. */
test('exec over the daemon loads one package, and none of the engine', () => {
  const loaded = loadedWith(['cli/main.ts', 'cli/asker.ts', 'cli/commands/exec.ts', 'daemon/open-tasks.ts']);
  const packages = loaded.flatMap(url => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  expect([...new Set(packages)]).toEqual(['@stricli/core']);
  const folders = loaded.flatMap(url => /\/src\/(\w+)\//.exec(url)?.[1] ?? []);
  expect([...new Set(folders)].sort()).toEqual(['api', 'cli', 'core', 'daemon', 'settings']);
  expect(loaded.filter(url => url.includes('/src/')).length).toBeLessThan(85);
});

test('a command line loads no other command than the one it names', () => {
  const application = pathToFileURL(join(source, 'cli/application.ts')).href;
  const loaded = loadedWith(
    ['cli/application.ts'],
    `const { buildCli } = await import('${application}'); await buildCli(['exec', 'a', '--', 'b'], String, String);`,
  );
  const commands = loaded.flatMap(url => /\/cli\/commands\/(.+)$/.exec(url)?.[1] ?? []);
  expect(commands).toEqual(['exec.ts']);
});
