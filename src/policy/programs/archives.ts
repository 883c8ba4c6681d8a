import { type Argument, type Call, DATA, type Handler, note } from '../call.ts';
import { grammarOf } from '../option-grammar.ts';
import { placesOf, readsPath, writesPath } from '../paths/touch.ts';
import { applyOptions, mixed } from './table-reader.ts';

const tar: Handler = call => {
  const [first, ...rest] = call.args;
  // the first word may be letters without a dash
  const args =
    first && !first.shape.startsWith('-') && /^[a-zA-Z]+$/.test(first.shape)
      ? dashed(first, rest)
      : call.args;
  const { options, operands } = applyOptions(call, args, TAR);
  const has = (...names: string[]): boolean => options.some(({ name }) => names.includes(name));
  const folder = options.find(({ name }) => name === '-C' || name === '--directory')?.value;
  const file = options.find(({ name }) => name === '-f' || name === '--file')?.value;
  const inFolder = {
    ...call,
    scope: { ...call.scope, folders: new Set(folder ? placesOf(call, folder) : call.scope.folders) },
  };
  if (file && /:/.test(file.shape))
    note(call, 'unknown', 'an archive on another host', undefined, file.source);
  if (has('-x', '--extract', '--get')) {
    if (file && file.text !== '-') readsPath(call, file);
    if (has('-P', '--absolute-names', '--overwrite', '--recursive-unlink', '--unlink-first', '-U'))
      note(call, 'destructive', 'unpacks over anything', 'data-loss');
    if (!has('-O', '--to-stdout')) unpacksInto(call, folder ?? { shape: '.', source: '.' });
    return DATA;
  }
  if (has('-t', '--list', '-d', '--diff')) {
    if (file && file.text !== '-') readsPath(call, file);
    return DATA;
  }
  let secret = false;
  const quiet = { ...inFolder, ledger: call.ledger };
  if (!file || file.text === '-') {
    for (const operand of operands) secret = readsPath(quiet, operand, 'tree') || secret;
    return mixed(call, secret);
  }
  for (const operand of operands) readsPath(quiet, operand, 'file');
  writesPath(call, file, 'replace');
  return DATA;
};

/** Any name may come out of an archive. */
export function unpacksInto(call: Call, folder: Pick<Argument, 'shape' | 'source'>): void {
  writesPath(call, folder, 'append');
  writesPath(call, { ...folder, shape: `${folder.shape}/\uE001` }, 'append');
  note(call, 'change', 'unpacks an archive');
}

function dashed(first: Argument, rest: readonly Argument[]): readonly Argument[] {
  return [{ ...first, text: `-${first.text ?? ''}`, shape: `-${first.shape}` }, ...rest];
}

const TAR = grammarOf(
  '-cxtruAdzjJpkmvwhSOWlnPUaZ -f= -C= -T=< -X=< -b= --create --extract --get --list --append --update --diff --gzip --bzip2 --xz --zstd --verbose --preserve-permissions --same-owner --no-same-owner --keep-old-files --overwrite --exclude= --exclude-from=< --directory= --file= --strip-components= --strip= --one-file-system --numeric-owner --owner= --group= --mode= --auto-compress --to-stdout --files-from=< --absolute-names --unlink-first --recursive-unlink --skip-old-files --no-same-permissions --totals --transform=!u --wildcards --sort= --mtime= --xattrs --acls --remove-files!d --dereference --anchored --exclude-vcs --no-recursion --checkpoint?= --ignore-failed-read --warning=',
);

export const ARCHIVES: Readonly<Record<string, Handler>> = { tar };
