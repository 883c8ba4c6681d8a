/** `npm run docs`: writes docs/errors.md from the error table, docs/what-is-corrected.md from the known failures, docs/settings.md, docs/api.md. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiPage } from './api-page.ts';
import { correctionsPage } from './corrections-page.ts';
import { settingsPage } from './settings-page.ts';
import { errorTablePage } from './error-table-page.ts';

const pages = {
  'api.md': apiPage(),
  'errors.md': errorTablePage(),
  'settings.md': settingsPage(),
  'what-is-corrected.md': correctionsPage(),
};
for (const [name, text] of Object.entries(pages)) {
  const page = join(import.meta.dirname, '../../docs', name);
  writeFileSync(page, text);
  console.log(`written: ${page}`);
}
