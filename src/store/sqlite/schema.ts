/**
 * One entry a version; `PRAGMA user_version` counts those that ran. An entry that was released is never changed.
 * Large values live in `task_body`, so that the row that changes often stays small.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE task (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  grp TEXT NOT NULL,
  kind TEXT NOT NULL,
  host TEXT,
  title TEXT NOT NULL,
  category TEXT NOT NULL,
  priority INTEGER NOT NULL,
  on_lost TEXT NOT NULL,
  retry TEXT NOT NULL,
  on_dependency_failed TEXT NOT NULL,
  idempotency_key TEXT,
  place INTEGER NOT NULL,
  retry_of TEXT,
  request_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  phase TEXT,
  run_after INTEGER NOT NULL,
  order_key INTEGER NOT NULL,
  deps_left INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  claim INTEGER NOT NULL,
  crashes INTEGER NOT NULL,
  executor TEXT,
  begun INTEGER NOT NULL,
  cancel_asked TEXT NOT NULL,
  pause_asked INTEGER NOT NULL,
  progress TEXT,
  result TEXT,
  error TEXT,
  error_code TEXT,
  started_at INTEGER,
  finished_at INTEGER,
  duration INTEGER,
  last_seq INTEGER NOT NULL,
  output_seq INTEGER NOT NULL,
  stdout_length INTEGER NOT NULL,
  stderr_length INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX task_idempotency ON task(idempotency_key, place) WHERE idempotency_key IS NOT NULL;
CREATE INDEX task_queue ON task(order_key, number, host) WHERE state = 'queued';
CREATE INDEX task_queue_host ON task(host, order_key, number) WHERE state = 'queued';
CREATE INDEX task_due ON task(run_after) WHERE state = 'delayed';
CREATE INDEX task_running ON task(host) WHERE state = 'running';
CREATE INDEX task_state ON task(state, number);
CREATE INDEX task_group ON task(grp, number);
CREATE INDEX task_host ON task(host, number);
CREATE INDEX task_kind ON task(kind, number);
CREATE INDEX task_category ON task(category, number);
CREATE INDEX task_finished ON task(finished_at, number) WHERE finished_at IS NOT NULL;
CREATE INDEX task_duration ON task(duration) WHERE duration IS NOT NULL;

CREATE TABLE task_body (
  task INTEGER PRIMARY KEY REFERENCES task(number) ON DELETE CASCADE,
  params TEXT NOT NULL,
  surroundings TEXT NOT NULL,
  tags TEXT NOT NULL,
  depends_on TEXT NOT NULL,
  input BLOB
) STRICT;

CREATE TABLE task_tag (
  tag TEXT NOT NULL,
  task INTEGER NOT NULL REFERENCES task(number) ON DELETE CASCADE,
  PRIMARY KEY (tag, task)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_tag_task ON task_tag(task);

CREATE TABLE task_dep (
  dep INTEGER NOT NULL REFERENCES task(number) ON DELETE CASCADE,
  task INTEGER NOT NULL REFERENCES task(number) ON DELETE CASCADE,
  PRIMARY KEY (dep, task)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_dep_task ON task_dep(task);

CREATE TABLE event (
  task INTEGER NOT NULL REFERENCES task(number) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  time INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (task, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE output (
  number INTEGER PRIMARY KEY,
  task INTEGER NOT NULL REFERENCES task(number) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  time INTEGER NOT NULL,
  packing TEXT NOT NULL,
  frames BLOB NOT NULL,
  UNIQUE (task, seq)
) STRICT;

CREATE TABLE step (
  task INTEGER NOT NULL REFERENCES task(number) ON DELETE CASCADE,
  name TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  output TEXT NOT NULL,
  PRIMARY KEY (task, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE approval (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  task INTEGER NOT NULL REFERENCES task(number) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  title TEXT NOT NULL,
  state TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  decided_by TEXT,
  decided_at INTEGER
) STRICT;
CREATE INDEX approval_task ON approval(task);
CREATE INDEX approval_open ON approval(expires_at) WHERE state = 'open';

-- Sums that would take long to count: tasks in each state, ends a minute, durations in buckets, errors by code.
CREATE TABLE tally (
  kind TEXT NOT NULL,
  key ANY NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE schedule (
  id TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE audit (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  who TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  outcome TEXT NOT NULL,
  request_id TEXT NOT NULL,
  details TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
`,
  `
CREATE TABLE deployment (
  host TEXT NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (host, name)
) STRICT, WITHOUT ROWID;
`,
  `
CREATE TABLE conversation (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  folded TEXT NOT NULL,
  model TEXT,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX conversation_changed ON conversation(changed_at, number);

-- Folded texts are what is searched: lower case of every script, which SQLite itself does not know.
CREATE TABLE message (
  conversation INTEGER NOT NULL REFERENCES conversation(number) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  time INTEGER NOT NULL,
  role TEXT NOT NULL,
  content TEXT NOT NULL,
  folded TEXT NOT NULL,
  about TEXT NOT NULL,
  PRIMARY KEY (conversation, place)
) STRICT, WITHOUT ROWID;
`,
  `
-- How many lines of each stream had ended with a row of output, counted from the beginning of its attempt.
CREATE TABLE output_line (
  task INTEGER NOT NULL REFERENCES task(number) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  stdout INTEGER NOT NULL,
  stderr INTEGER NOT NULL,
  PRIMARY KEY (task, seq)
) STRICT, WITHOUT ROWID;
`,
  `
ALTER TABLE approval ADD COLUMN kind TEXT NOT NULL DEFAULT 'plan';
ALTER TABLE approval ADD COLUMN about TEXT NOT NULL DEFAULT '{}';
ALTER TABLE approval ADD COLUMN choice TEXT;
ALTER TABLE approval ADD COLUMN note TEXT;
-- Times it may be used, how long a yes holds, until when it does. Older ones held for their task.
ALTER TABLE approval ADD COLUMN uses INTEGER NOT NULL DEFAULT 1000;
ALTER TABLE approval ADD COLUMN valid_for INTEGER NOT NULL DEFAULT 604800000;
ALTER TABLE approval ADD COLUMN valid_until INTEGER;
`,
  `
-- Where the line of a stream that had no end with this row began; 0: there was none, null: not counted yet.
ALTER TABLE output_line ADD COLUMN stdout_open INTEGER;
ALTER TABLE output_line ADD COLUMN stderr_open INTEGER;
`,
];
