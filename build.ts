import { execFileSync } from 'node:child_process';
import { chmod, cp, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type InputOptions, type OutputChunk, rolldown } from 'rolldown';

/**
 * `npm run build`: plain JavaScript in dist/, in the layout of src/, with the files that are read at run time
 * beside it. The command line is bundled, because its start-up is felt; the engine, which only a daemon or
 * `--local` loads, stays as it is. The console's pages go into dist/console.
 */
const READ_AT_RUN_TIME = ['holder/script', 'daemon/demo'];
const ENGINE = /\/src\/daemon\/(local-engine|daemon|demo)\.ts$/;
/** What most calls load, one after the other: it travels in one file. */
const EVERYDAY = ['bin.ts', 'cli/asker.ts', 'cli/commands/exec.ts', 'daemon/open-tasks.ts'];

const input: InputOptions = {
  input: 'src/bin.ts',
  platform: 'node',
  plugins: [
    {
      name: 'engine-outside',
      resolveId: (source, importer) => {
        const engine = importer === undefined ? null : ENGINE.exec(resolve(dirname(importer), source));
        return engine ? { id: `./daemon/${engine[1]}.js`, external: true } : null;
      },
    },
  ],
};

/** The modules that are loaded with the everyday ones, without those that are only loaded when needed. */
async function everydayModules(): Promise<ReadonlySet<string>> {
  await using bundle = await rolldown(input);
  const { output } = await bundle.generate({});
  const chunks = output.filter((file): file is OutputChunk => file.type === 'chunk');
  const wanted = chunks.filter(chunk =>
    EVERYDAY.some(file => chunk.facadeModuleId?.endsWith(`/src/${file}`)),
  );
  const seen = new Set(wanted);
  for (const chunk of seen)
    for (const name of chunk.imports)
      for (const imported of chunks) if (imported.fileName === name) seen.add(imported);
  // the entry itself waits at its top level: nothing that it loads later may wait for it
  return new Set([...seen].flatMap(chunk => chunk.moduleIds).filter(id => !id.endsWith('/src/bin.ts')));
}

await rm('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
for (const folder of READ_AT_RUN_TIME) await cp(`src/${folder}`, `dist/${folder}`, { recursive: true });

const everyday = await everydayModules();
await using bundle = await rolldown(input);
await bundle.write({
  dir: 'dist',
  chunkFileNames: 'cli-[name]-[hash].js',
  codeSplitting: { groups: [{ name: 'everyday', test: id => everyday.has(id) }] },
});
await chmod('dist/bin.js', 0o755);
execFileSync('vite', ['build', 'console', '--logLevel', 'warn'], { stdio: 'inherit' });
await cp('console/dist', 'dist/console', { recursive: true });
