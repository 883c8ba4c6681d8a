/** Paths as folders are walked. Pure. */

/** The host of the address that means the machine of the daemon: no server can be called that. */
export const HERE_NAME = '.';

export function joined(folder: string, name: string): string {
  return folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`;
}

export function parentOf(path: string): string {
  const at = path.replace(/\/+$/, '').lastIndexOf('/');
  return at <= 0 ? '/' : path.slice(0, at);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Each folder on the way: what it is called, and where it is. */
export function crumbsOf(path: string): readonly (readonly [name: string, path: string])[] {
  const names = path.split('/').filter(Boolean);
  return [
    ['/', '/'],
    ...names.map((name, index) => [name, `/${names.slice(0, index + 1).join('/')}`] as const),
  ];
}

/** A name that is one, and stays in its folder. */
export function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0\n]/.test(name);
}
