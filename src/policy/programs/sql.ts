/** What a statement of SQL does, as far as its text says. */
export type SqlKind = 'looks' | 'side-door' | 'removes' | 'rewrites' | 'rights' | 'changes' | 'strange';

/** Statements that only look, and nothing inside them that writes or reads files. */
export const LOOKS =
  /^\s*(select|show|explain(?!\s+analy[sz]e)|describe|desc|table|values|pragma\s+[a-z_]+\s*(\([^=]*\))?|\.(tables|schema|databases|indexes|headers|mode)\b|\\(d[a-zA-Z+]*|l\+?|conninfo|x|timing|pset|echo)\b)/i;
const SIDE_DOORS =
  /\binto\s+(outfile|dumpfile)|\b(select\b.*\binto\b)|load_file|pg_read|pg_ls|lo_(im|ex)port|\bcopy\b|dblink|pg_terminate|pg_cancel|pg_reload|pg_sleep|pg_rotate|pg_switch|set_config|nextval|setval|\bfor\s+update|writefile|readfile|edit\(|load_extension|sys_exec|pg_shadow|pg_authid|mysql\.user|\bshell\b|\bsystem\b|\\!|\bgrant\b|\bvacuum\s+into\b/is;
const CHANGES =
  /^\s*(insert|update|create|alter|grant|analyze|vacuum|reindex|comment|begin|commit|set|use|refresh|start)\b/i;
const DESTROYS = /\b(drop|truncate|delete|revoke|reassign|flush|reset|purge|kill|shutdown|replace)\b/i;
/** What acts later, by itself or with the rights of others. */
const RIGHTS =
  /^\s*(create|alter)\s+(or\s+replace\s+)?(role|user|extension|language|server|function|procedure|trigger|event|rule|subscription|publication|policy|default|aggregate|operator|foreign|cast)\b|^\s*set\s+(global|persist|@@)|\bsuperuser\b|\bsecurity\s+definer\b/i;

/** Characters. */
const LONGEST_STATEMENT = 4096;

/** Functions that look and change nothing, of the databases of the table. */
const PURE = new Set(
  (
    'count sum min max avg now version current_date current_timestamp current_setting current_database current_schema current_user ' +
    'session_user user database schema coalesce nullif ifnull round floor ceil ceiling abs greatest least length char_length upper ' +
    'lower trim ltrim rtrim substr substring replace concat concat_ws left right lpad rpad split_part position strpos instr ' +
    'to_char to_date to_timestamp date_trunc date_part extract age date datetime time strftime julianday unixepoch unix_timestamp ' +
    'from_unixtime date_format date_add date_sub datediff timestampdiff curdate curtime utc_timestamp year month day hour minute ' +
    'interval cast convert format group_concat string_agg array_agg json_agg jsonb_agg json_extract json_object json_array_length ' +
    'jsonb_pretty row_to_json to_json to_jsonb array_length unnest generate_series row_number rank dense_rank lag lead first_value ' +
    'last_value ntile percentile_cont percentile_disc stddev variance total md5 sha1 sha256 hex quote typeof total_changes ' +
    'last_insert_rowid sqlite_version changes uptime inet_server_addr inet_client_addr txid_current_if_assigned format_type ' +
    'obj_description col_description has_table_privilege has_database_privilege regexp_replace regexp_matches host abbrev ' +
    'if iif isnull mod power sqrt random rand found_rows row_count connection_id bool_or bool_and any_value exp ln log'
  ).split(' '),
);
const PURE_OF_POSTGRES =
  /^pg_(size_pretty|size_bytes|(database|relation|total_relation|table|indexes|tablespace|column)_size|is_in_recovery|is_wal_replay_paused|last_(wal|xact)_\w+|current_wal_(lsn|insert_lsn|flush_lsn)|wal_lsn_diff|walfile_name|postmaster_start_time|conf_load_time|backend_pid|blocking_pids|get_(\w+def|expr|userbyid|serial_sequence)|encoding_to_char|table_is_visible|stat_get_\w+|relation_filepath|typeof|tablespace_location)$/;
/** Words before a bracket that are no functions. */
const NO_FUNCTIONS = new Set(
  'in exists values and or not any all some over filter as on using from join where select case when then else with by having limit union except intersect between like ilike distinct array row within group key table index unique check references primary foreign default into lateral is end set view if'.split(
    ' ',
  ),
);

/** Pure. */
export function kindOfSql(statement: string): SqlKind {
  if (statement.length > LONGEST_STATEMENT) return 'strange';
  if (SIDE_DOORS.test(statement)) return 'side-door';
  const looks = LOOKS.test(statement);
  if (DESTROYS.test(statement) && !looks) return 'removes';
  if (RIGHTS.test(statement)) return 'rights';
  if (/^\s*(update|alter)\b/i.test(statement)) return 'rewrites';
  if (!callsOnlyPure(statement)) return 'strange';
  if (CHANGES.test(statement)) return 'changes';
  return looks && !/\bwith\b/i.test(statement) ? 'looks' : 'strange';
}

/** A function that is in no list may do anything. */
function callsOnlyPure(statement: string): boolean {
  // names of tables and columns before their brackets
  const bare = statement
    .replaceAll(/'(?:''|[^'])*'/g, "''")
    .replaceAll(/^\s*(create\s+\w+(\s+if\s+not\s+exists)?\s+[\w."`]+|insert\s+into\s+[\w."`]+)\s*\(/gi, '(')
    .replaceAll(/\bon\s+[\w."`]+\s*\(/gi, '(');
  if (/^\s*(create|\.|\\|pragma)/i.test(bare)) return true;
  for (const [, name = ''] of bare.matchAll(/([\w.$"`]+)\s*\(/g)) {
    const word = name.toLowerCase().replace(/^(pg_catalog|information_schema)\./, '');
    if (!PURE.has(word) && !PURE_OF_POSTGRES.test(word) && !NO_FUNCTIONS.has(word)) return false;
  }
  return true;
}
