import { execFileSync } from 'node:child_process';
import { chmod, cp, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * `npm run build`: plain JavaScript in dist/, in the layout of src/, with the files that are read at run time
 * beside it. The command line is bundled, because its start-up is felt; the engine, which only a daemon or
 * `--local` loads, stays as it is.
 */
const READ_AT_RUN_TIME = ['holder/script', 'daemon/demo'];
const ENGINE = /\/src\/daemon\/(local-engine|daemon|demo)\.ts$/;

await rm('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
for (const folder of READ_AT_RUN_TIME) await cp(`src/${folder}`, `dist/${folder}`, { recursive: true });

const bundle = await rolldown({
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
});
await bundle.write({ dir: 'dist', chunkFileNames: 'cli-[name]-[hash].js', minify: false });
await chmod('dist/bin.js', 0o755);
