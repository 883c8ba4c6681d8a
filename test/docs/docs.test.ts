import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planSchema } from '../../src/core/plan.ts';
import { parseYaml } from '../../src/core/yaml.ts';
import { matchRequest } from '../../src/runbooks/match-request.ts';
import { parseRunbook } from '../../src/runbooks/runbook.ts';
import { settingsFileSchema } from '../../src/settings/schema.ts';
import { MAY_USE } from '../architecture/rules.ts';
import { apiPage } from './api-page.ts';
import { correctionsPage } from './corrections-page.ts';
import { settingsPage } from './settings-page.ts';
import { errorTablePage } from './error-table-page.ts';

const project = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(project, path), 'utf8');

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(read('package.json')) as Manifest;

describe('docs/api.md', () => {
  it('is what `npm run docs` writes', () => {
    expect(read('docs/api.md')).toBe(apiPage());
  });
});

describe('docs/settings.md', () => {
  it('is what `npm run docs` writes', () => {
    expect(read('docs/settings.md')).toBe(settingsPage());
  });
});

describe('docs/errors.md', () => {
  it('is what `npm run docs` writes', () => {
    expect(read('docs/errors.md')).toBe(errorTablePage());
  });
});

describe('docs/what-is-corrected.md', () => {
  it('is what `npm run docs` writes', () => {
    expect(read('docs/what-is-corrected.md')).toBe(correctionsPage());
  });
});

describe('docs/dependencies.md', () => {
  const rows = [
    ...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \| (\S+) \| (\d+) KiB \| (\S+) \| (.+) \|$/gm),
  ].map(([, name = '', version = '', kibibytes = '', folder = '', reason = '']) => ({
    name,
    version,
    kibibytes: Number(kibibytes),
    folder,
    reason,
  }));

  it('has one row for each runtime dependency, with its version', () => {
    const stated = Object.fromEntries(rows.map(row => [row.name, row.version]));
    expect(stated).toEqual(manifest.dependencies);
  });

  it('names the folder that the architecture allows', () => {
    expect(Object.fromEntries(rows.map(row => [row.name, row.folder]))).toEqual(MAY_USE);
  });

  it.each(rows)('$name: the size is true', ({ name, kibibytes }) => {
    const real = bytesBelow(join(project, 'node_modules', name)) / 1024;
    expect(Math.abs(real - kibibytes) / kibibytes).toBeLessThan(0.1);
  });

  it('names everything they bring in', () => {
    const lock = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { dev?: boolean; devOptional?: boolean; link?: boolean }>;
    };
    const shipped = Object.entries(lock.packages)
      .filter(
        ([path, entry]) => path.startsWith('node_modules/') && entry.link !== true && entry.dev !== true,
      )
      .map(([path]) => path.split('node_modules/').at(-1) ?? path);
    const page = read('docs/dependencies.md');
    expect(shipped.filter(name => !page.includes(`\`${name}\``) && !isBuildTool(name))).toEqual([]);
  });
});

/** Parts of a build that npm marks as optional for both sides. */
function isBuildTool(name: string): boolean {
  return name === 'buildcheck';
}

/** What npm unpacked; a native part that was built here (`build/`) is left out. */
function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !`${entry.parentPath}/`.slice(folder.length).includes('/build/'))
    .filter(entry => !`${entry.parentPath}/`.slice(folder.length).includes('/node_modules/'))
    .reduce((sum, entry) => sum + readFileSync(join(entry.parentPath, entry.name)).length, 0);
}

describe('pages', () => {
  const pages = [
    ...readdirSync(project).filter(name => name.endsWith('.md')),
    ...readdirSync(join(project, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.md'))
      .map(name => `docs/${name}`),
  ];

  it.each(pages)('%s: every relative link leads somewhere', page => {
    const links = [...read(page).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)].map(match => match[1] ?? '');
    const dead = links
      .filter(link => !/^[a-z]+:/.test(link))
      .filter(link => !existsSync(join(project, dirname(page), link)));
    expect(dead).toEqual([]);
  });

  it.each(pages)('%s: every npm script it names exists', page => {
    const named = [...read(page).matchAll(/npm run ([a-z:0-9]+)/g)].map(match => match[1] ?? '');
    expect(named.filter(name => !(name in manifest.scripts))).toEqual([]);
  });

  it.each(pages)('%s: every path of the repository it names exists', page => {
    const paths = [...read(page).matchAll(/`((?:src|test|docs|bench|runbooks)\/[\w./-]+)`/g)].map(
      match => match[1] ?? '',
    );
    expect(paths.filter(path => !existsSync(join(project, path)))).toEqual([]);
  });
});

describe('examples', () => {
  const block = (page: string, language: string): string =>
    new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(read(page))?.[1] ?? '';

  it('the runbook of docs/writing-a-runbook.md loads, and its request matches it', () => {
    const runbook = parseRunbook(block('docs/writing-a-runbook.md', 'yaml'), 'motd.yaml');
    const [, request = ''] = /deckhand ask '([^']+)'/.exec(read('docs/writing-a-runbook.md')) ?? [];
    expect(matchRequest(request, [runbook])).toMatchObject({
      kind: 'confident',
      parameters: { text: 'hello' },
    });
  });

  it('the settings of docs/how-hosts-are-found.md fit their schema', () => {
    const page = 'docs/how-hosts-are-found.md';
    const settings = parseYaml(block(page, 'yaml'), page, 'settings.invalid');
    expect(settingsFileSchema.safeParse(settings).error).toBeUndefined();
  });

  it('the plan of bench/p09 is a plan', () => {
    const plan = planSchema.parse(parseYaml(read('bench/p09/plan.yaml'), 'plan.yaml', 'plan.invalid'));
    expect(plan.steps.flatMap(step => step.states)).toHaveLength(10);
  });
});
