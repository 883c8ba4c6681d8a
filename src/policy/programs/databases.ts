import { type Call, DATA, type Handler, note } from '../call.ts';
import { grammarOf, type Option } from '../option-grammar.ts';
import { readsPath } from '../paths/touch.ts';
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

/** Statements that only look, and nothing inside them that writes or reads files. */
const LOOKS =
  /^\s*(select|show|explain(?!\s+analy[sz]e)|describe|desc|table|values|pragma\s+[a-z_]+\s*(\([^=]*\))?|\.(tables|schema|databases|indexes|headers|mode)\b|\\(d[a-zA-Z+]*|l\+?|conninfo|x|timing|pset|echo)\b)/i;
const SIDE_DOORS =
  /\binto\s+(outfile|dumpfile)|\b(select\b.*\binto\b)|load_file|pg_read|pg_ls|lo_(im|ex)port|\bcopy\b|dblink|pg_terminate|pg_cancel|pg_reload|pg_sleep|pg_rotate|pg_switch|set_config|nextval|setval|\bfor\s+update|writefile|readfile|edit\(|load_extension|sys_exec|pg_shadow|pg_authid|mysql\.user|\bshell\b|\bsystem\b|\\!|\bgrant\b/is;
const CHANGES =
  /^\s*(insert|update|create|alter|grant|analyze|vacuum|reindex|comment|begin|commit|set|use|refresh|start)\b/i;
const DESTROYS = /\b(drop|truncate|delete|revoke|reassign|flush|reset|purge|kill|shutdown|replace)\b/i;

function judgeSql(call: Call, text: string | null): void {
  if (text === null) {
    note(call, 'unknown', 'a query that is known only when it runs');
    return;
  }
  const bare = text.replaceAll(/--[^\n]*|\/\*(?!!).*?\*\//gs, ' ');
  for (const statement of bare.split(';').map(one => one.trim())) {
    if (statement === '') continue;
    if (SIDE_DOORS.test(statement))
      note(call, 'unknown', 'a query that reads or writes more than tables', undefined, statement);
    else if (DESTROYS.test(statement) && !LOOKS.test(statement))
      note(call, 'destructive', 'a query that removes data', 'data-loss', statement);
    else if (/^\s*(update|alter)\b/i.test(statement))
      note(call, 'destructive', 'a query that rewrites data', 'data-loss', statement);
    else if (CHANGES.test(statement)) note(call, 'change', 'a query that changes data', undefined, statement);
    else if (!LOOKS.test(statement) || /\bwith\b/i.test(statement))
      note(call, 'unknown', 'a query that is not understood', undefined, statement);
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

const redis: Handler = call => {
  const { operands } = applyOptions(
    call,
    call.args,
    grammarOf(
      '-h= -p= -n= -a= -u= --raw --no-raw --no-auth-warning --user= --pass= --stat --bigkeys --latency',
    ),
  );
  const [word, second] = operands;
  if (!word || word.text === null) note(call, 'unknown', 'redis-cli runs what comes on its stdin');
  else if (
    /^(flushall|flushdb|del|unlink|shutdown|debug|rename|expire|migrate|restore|swapdb)$/i.test(word.text)
  )
    note(call, 'destructive', `redis ${word.text}`, 'data-loss');
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
