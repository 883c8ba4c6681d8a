import { execFileSync } from 'node:child_process';
import { chmod, cp, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';

/**
 * `npm run build`: plain JavaScript in dist/, in the layout of src/, with the files that are read at run time
 * beside it: that is the library. The command line and the engine of the daemon are bundled beside it, because their
 * start-up is felt, and as CommonJS, which node loads in half the time. The console's pages go into dist/console.
 */
const READ_AT_RUN_TIME = ['holder/script', 'daemon/demo'];
const SOURCES = resolve('src');
/** What the command line loads of the engine: each is an entry of the engine's own bundle. */
const ENGINE = ['daemon', 'local-engine', 'demo'];
/** What most calls load, one after the other: it travels in one file. */
const EVERYDAY = ['program.ts', 'cli/asker.ts', 'cli/commands/exec.ts', 'daemon/open-tasks.ts'];

const engineOutside: Plugin = {
  name: 'engine-outside',
  resolveId: (source, importer) => {
    const file = importer === undefined ? '' : relative(SOURCES, resolve(dirname(importer), source));
    const name = ENGINE.find(each => file === join('daemon', `${each}.ts`));
    return name === undefined ? null : { id: `./engine-${name}.cjs`, external: true };
  },
};

/** A module finds its files where they are beside the library, not beside the bundle that it travels in. */
const placesOfFiles: Plugin = {
  name: 'places-of-files',
  transform: (code, id) => {
    if (!id.startsWith(SOURCES) || !code.includes('import.meta.url')) return null;
    const place = relative(SOURCES, id).replace(/\.ts$/, '.js');
    return code.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`);
  },
};

const commandLine = {
  input: 'src/bin.ts',
  platform: 'node' as const,
  plugins: [engineOutside, placesOfFiles],
};
const engine = {
  input: Object.fromEntries(
    [...ENGINE, 'executor-main'].map(name => [`engine-${name}`, `src/daemon/${name}.ts`]),
  ),
  platform: 'node' as const,
  // it looks for its compiled parts beside itself
  external: ['ssh2'],
  plugins: [placesOfFiles],
};
const output = {
  dir: 'dist',
  format: 'cjs' as const,
  entryFileNames: '[name].cjs',
  minify: { compress: true, mangle: false },
};

/** The modules that are loaded with the everyday ones, without those that are only loaded when needed. */
async function everydayModules(): Promise<ReadonlySet<string>> {
  await using bundle = await rolldown(commandLine);
  const { output: files } = await bundle.generate({});
  const chunks = files.filter((file): file is OutputChunk => file.type === 'chunk');
  const wanted = chunks.filter(chunk =>
    EVERYDAY.some(file => chunk.facadeModuleId?.endsWith(`/src/${file}`)),
  );
  const seen = new Set(wanted);
  for (const chunk of seen)
    for (const name of chunk.imports)
      for (const imported of chunks) if (imported.fileName === name) seen.add(imported);
  return new Set([...seen].flatMap(chunk => chunk.moduleIds));
}

await rm('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
for (const folder of READ_AT_RUN_TIME) await cp(`src/${folder}`, `dist/${folder}`, { recursive: true });
for (const name of ['bin.js', 'program.js']) await rm(`dist/${name}`);

const everyday = await everydayModules();
await using commandLineBundle = await rolldown(commandLine);
await commandLineBundle.write({
  ...output,
  chunkFileNames: 'cli-[name]-[hash].cjs',
  codeSplitting: { groups: [{ name: 'everyday', test: id => everyday.has(id) }] },
});
await chmod('dist/bin.cjs', 0o755);
await using engineBundle = await rolldown(engine);
await engineBundle.write({ ...output, chunkFileNames: 'engine-[name]-[hash].cjs' });
await writeFile('dist/daemon/executor-main.js', "import '../engine-executor-main.cjs';\n");

execFileSync('vite', ['build', 'console', '--logLevel', 'warn'], { stdio: 'inherit' });
await cp('console/dist', 'dist/console', { recursive: true });
