/** `npm run docs`: writes docs/errors.md from the error table. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorTablePage } from './error-table-page.ts';

const page = join(import.meta.dirname, '../../docs/errors.md');
writeFileSync(page, errorTablePage());
console.log(`written: ${page}`);
