import { shellWord } from '../parts/words.ts';
import { joined, nameOf, parentOf } from './paths.ts';

/** A change in a folder, as a person wishes it. */
export type FolderWish =
  | { readonly wish: 'folder'; readonly folder: string }
  | { readonly wish: 'rename'; readonly path: string }
  | { readonly wish: 'delete'; readonly path: string; readonly isFolder: boolean };

/** The one command that does it; nothing that is there is ever written over. Pure. */
export function commandOf(wish: FolderWish, name: string): string {
  if (wish.wish === 'delete') return `rm ${wish.isFolder ? '-r ' : ''}-- ${shellWord(wish.path)}`;
  if (wish.wish === 'folder') return `mkdir -- ${shellWord(joined(wish.folder, name))}`;
  const target = shellWord(joined(parentOf(wish.path), name));
  return `test ! -e ${target} && mv -- ${shellWord(wish.path)} ${target}`;
}

/** The name that a form begins with. */
export function nameBefore(wish: FolderWish): string {
  return wish.wish === 'rename' ? nameOf(wish.path) : '';
}
