import { type Call, DATA, type Handler, note } from '../call.ts';
import { grammarOf, type Option } from '../option-grammar.ts';
import { readsPath } from '../paths/touch.ts';
import { kindOfSql, LOOKS } from './sql.ts';
import { applyOptions, mixed } from './table-reader.ts';

const PSQL = grammarOf(
  '-AaeEHntqwxXz0 -c= -d= -h= -p= -U= -F= -R= -P= -f=!u -o=!u -v= -l -1 -V --command= --dbname= --host= --port= --username= --no-psqlrc --tuples-only --no-align --list --csv --set= --quiet --no-password --file=!u --output=!u --field-separator= --expanded --single-transaction --html',
);
const MYSQL = grammarOf(
  '-ABEHNrRstvw -e= -u= -p?= -h= -P= -D= -S= --execute= --user= --password?= --host= --port= --database= --batch --skip-column-names --table --vertical --silent --raw --defaults-file=< --defaults-extra-file=< --protocol= --socket= --xml --html --init-command=!u',
);
const SQLITE = grammarOf(
  '-cmd=!u -init=!u -header -noheader -csv -json -column -line -list -readonly -batch -separator= -bail -table -box -html',
);

function judgeSql(call: Call, text: string | null): void {
  if (text === null) {
    note(call, 'unknown', 'a query that is known only when it runs');
    return;
  }
  const bare = text.replaceAll(/--[^\n]*|\/\*(?!!).*?\*\//gs, ' ');
  for (const statement of bare.split(';').map(one => one.trim())) {
    if (statement === '') continue;
    noteSql(call, statement);
  }
}

function noteSql(call: Call, statement: string): void {
  switch (kindOfSql(statement)) {
    case 'looks':
      return;
    case 'side-door':
      return note(call, 'unknown', 'a query that reads or writes more than tables', undefined, statement);
    case 'removes':
      return note(call, 'destructive', 'a query that removes data', 'data-loss', statement);
    case 'rewrites':
      return note(call, 'destructive', 'a query that rewrites data', 'data-loss', statement);
    case 'rights':
      return note(call, 'destructive', 'a query that changes who may do what', 'privilege-gain', statement);
    case 'changes':
      return note(call, 'change', 'a query that changes data', undefined, statement);
    case 'strange':
      return note(call, 'unknown', 'a query that is not understood', undefined, statement);
  }
}

function judgeQueries(call: Call, options: readonly Option[], names: readonly string[]): boolean {
  const queries = options.filter(({ name }) => names.includes(name));
  for (const { value } of queries) judgeSql(call, value?.text ?? null);
  return queries.length > 0;
}

/** Without a query on the command line, what comes on stdin is one. */
function fromStdin(call: Call): void {
  if (call.stdin.text !== null) judgeSql(call, call.stdin.text);
  else note(call, 'unknown', `${call.name} runs what comes on its stdin`);
}

const psql: Handler = call => {
  const { options } = applyOptions(call, call.args, PSQL);
  const lists = options.some(({ name }) => ['-l', '--list', '-V', '--version'].includes(name));
  if (!judgeQueries(call, options, ['-c', '--command']) && !lists) fromStdin(call);
  return mixed(call, false);
};

const mysql: Handler = call => {
  const { options } = applyOptions(call, call.args, MYSQL);
  if (!judgeQueries(call, options, ['-e', '--execute']) && !options.some(({ name }) => name === '--version'))
    fromStdin(call);
  return mixed(call, false);
};

const sqlite: Handler = call => {
  const { operands } = applyOptions(call, call.args, SQLITE);
  const [file, ...queries] = operands;
  if (file) readsPath(call, file);
  if (queries.length === 0) fromStdin(call);
  for (const { text } of queries) {
    if (text?.trim().startsWith('.') && !LOOKS.test(text)) note(call, 'unknown', 'a command of sqlite3');
    else judgeSql(call, text);
  }
  return mixed(call, false);
};

const REDIS_READS =
  /^(ping|info|dbsize|lastsave|time|get|exists|ttl|type|keys|scan|llen|lrange|hget|hgetall|hlen|scard|smembers|zcard|zrange|memory|slowlog|latency|role|strlen|client|command)$/i;

/** No password, and no pattern that could mean one. */
const PLAIN_SETTING = /^(?!.*(pass|auth|user|acl))[a-z][a-z-]*$/;

const redis: Handler = call => {
  const { options, operands } = applyOptions(
    call,
    call.args,
    grammarOf(
      '-h= -p= -n= -a= -u= --raw --no-raw --no-auth-warning --user= --pass= --stat --bigkeys --memkeys --latency --latency-history --latency-dist --scan --pattern= --type= --count= --csv --json --tls --cacert= --no-auth-warning -i=',
    ),
  );
  if (options.some(({ name }) => /^--(stat|(big|mem)keys|latency(-\w+)?|scan)$/.test(name))) return DATA;
  const [word, second, third] = operands;
  if (!word || word.text === null) note(call, 'unknown', 'redis-cli runs what comes on its stdin');
  else if (
    /^(flushall|flushdb|del|unlink|shutdown|debug|rename|expire|migrate|restore|swapdb)$/i.test(word.text)
  )
    note(call, 'destructive', `redis ${word.text}`, 'data-loss');
  else if (
    /^config$/i.test(word.text) &&
    second?.text?.toLowerCase() === 'get' &&
    PLAIN_SETTING.test(third?.text ?? '')
  )
    return DATA;
  else if (
    !REDIS_READS.test(word.text) ||
    (/^(client|slowlog|latency|memory)$/i.test(word.text) &&
      !/^(list|get|len|usage|stats|latest|doctor|info|id|getname)$/i.test(second?.text ?? ''))
  )
    note(call, 'unknown', `redis ${word.text}`);
  return DATA;
};

const dump: Handler = call => {
  note(call, 'destructive', `${call.name} reads whole databases`, 'secret-disclosure');
  return { ...mixed(call, true) };
};

export const DATABASES: Readonly<Record<string, Handler>> = {
  psql,
  mysql,
  mariadb: mysql,
  sqlite3: sqlite,
  'redis-cli': redis,
  pg_dump: dump,
  pg_dumpall: dump,
  mysqldump: dump,
  'mariadb-dump': dump,
};
