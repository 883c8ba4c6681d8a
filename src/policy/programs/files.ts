import { tableOf } from './table-reader.ts';

/** Programs that make and take away files. `names | class | operands | options`; see `table-reader.ts`. */
export const FILES = tableOf(`
mktemp | c | text | -dqtu -p= --directory --quiet --dry-run --suffix= --tmpdir?=
mkdir,touch,mkfifo | c | text | -acdhmpqtuv -m= -p?= -d= -r=< -t= -Z --parents --mode= --verbose --no-create --date= --reference=< --directory --suffix= --tmpdir?= --dry-run
rmdir | c | text | -pv --parents --ignore-fail-on-non-empty --verbose
gzip,gunzip,bzip2,bunzip2,xz,unxz,zstd,unzstd,lz4,pigz | c | writes | -#cdfhklnNqrtvzT -S= -T= -o=> --stdout --decompress --keep --force --recursive --test --list --best --fast --verbose --quiet --rm --threads= --suffix=
iconv | r | paths | -lcs -f= -t= -o=> --from-code= --to-code= --output=>
patch | u | text | -bEfNRstuvZ -p= -d= -i=< --dry-run --backup --forward --reverse --strip= --input=< --silent
unzip | c | text | -lnopqtuvjaCZ -d=> -x=
zip | c | text | -#rqjmyuv9 -x= -i= --exclude --recurse-paths --quiet
zipinfo,lsar | r | paths | -1lmhtvsz
`);
