import { execFileSync } from 'node:child_process';
import { chmod, cp, rm } from 'node:fs/promises';

/** `npm run build`: plain JavaScript in dist/, in the layout of src/, with the files that are read at run time beside it. */
const READ_AT_RUN_TIME = ['holder/script', 'daemon/demo'];

await rm('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
for (const folder of READ_AT_RUN_TIME) await cp(`src/${folder}`, `dist/${folder}`, { recursive: true });
await chmod('dist/bin.js', 0o755);
