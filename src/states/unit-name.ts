/** `nginx` and `nginx.service` are one unit. */
export function fullUnit(name: string): string {
  return /\.(service|socket|timer|target|path|mount|slice|scope|swap|automount|device)$/.test(name)
    ? name
    : `${name}.service`;
}
