import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Asks the desktop to show an address; whether it can is its affair: the link is printed anyway. The address goes
 * by a file that only this account can read, because everybody sees the arguments of a process.
 */
export function openInBrowser(url: string, environment: NodeJS.ProcessEnv): void {
  const isMac = process.platform === 'darwin';
  if (!isMac && !environment['DISPLAY'] && !environment['WAYLAND_DISPLAY']) return;
  const page = join(mkdtempSync(join(tmpdir(), 'deckhand-login-')), 'login.html');
  const address = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  writeFileSync(page, `<!doctype html><meta http-equiv="refresh" content="0;url=${address}">\n`, {
    mode: 0o600,
  });
  const child = spawn(isMac ? 'open' : 'xdg-open', [page], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
