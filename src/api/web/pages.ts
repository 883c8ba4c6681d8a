import type { HttpApp } from '../http/operation.ts';
import { consoleFile } from './console-files.ts';
import type { WebDoor } from './door.ts';
import { LOGIN_PAGE, LOGIN_SCRIPT, LOGIN_STYLE, NOT_BUILT_PAGE } from './login-page.ts';

const FIXED: Readonly<Record<string, readonly [string, string]>> = {
  '/login': ['text/html; charset=utf-8', LOGIN_PAGE],
  '/login.js': ['text/javascript; charset=utf-8', LOGIN_SCRIPT],
  '/login.css': ['text/css; charset=utf-8', LOGIN_STYLE],
};

/** The console's files and the way in. They hold nothing of the owner's: everything shown comes from the API. */
export function registerPages(app: HttpApp, door: WebDoor): void {
  for (const [path, [type, text]] of Object.entries(FIXED))
    app.get(path, context => context.body(text, 200, { 'content-type': type, 'cache-control': 'no-cache' }));
  app.get('*', async (context, next) => {
    const { path } = context.req;
    if (path === '/openapi.json' || path === '/v1' || path.startsWith('/v1/')) {
      await next();
      return undefined;
    }
    const file = await consoleFile(door.folder, path);
    if (file)
      return context.body(file.bytes, 200, { 'content-type': file.type, 'cache-control': file.cache });
    if (path.slice(path.lastIndexOf('/')).includes('.')) return context.notFound();
    return context.body(NOT_BUILT_PAGE, 503, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
    });
  });
}
