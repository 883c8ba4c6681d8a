import { quoteRaw } from '../host/run-script.ts';
import { parentOf } from '../tree/entry.ts';
import type { Place } from './job.ts';

/**
 * Shell text that makes the staging folder on a host and enters it: empty (unless it `isInUse` already) but for parts of
 * large files and for a tree that is being built.
 */
export function stageText(place: Place, isInUse: boolean): string {
  const stage = quoteRaw(place.stage);
  const keep = place.isNew ? `! -name 'b-*' ! -name tree` : `! -name 'b-*'`;
  const clean = isInUse ? '' : `find . ! -name . -prune ${keep} -exec rm -rf {} + || exit 90;`;
  const parent = quoteRaw(parentOf(place.stage) || '/');
  // of a file in its way mkdir says only that it exists
  const make = `mkdir -p ${parent} || { [ -d ${parent} ] || printf '%s: Not a directory\\n' ${parent} >&2; exit 90; };`;
  return `umask 022; ${make} umask 077; mkdir -p ${stage} && cd ${stage} || exit 90; ${clean}`;
}
