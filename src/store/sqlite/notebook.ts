import type { AttachedModel } from '../../core/attached-model.ts';
import type { Deployment } from '../../core/model-params.ts';
import type { AuditEntry, Page, Schedule } from '../store.ts';
import type { Database } from './database.ts';
import { pageBounds } from './queries.ts';

/** Schedules, settings and the audit trail: what is not a task. */

export function saveSchedule(database: Database, schedule: Schedule): void {
  database.run(
    `INSERT INTO schedule (id, body, created_at) VALUES (?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
    schedule.id,
    JSON.stringify(schedule),
    schedule.createdAt,
  );
}

/** Oldest first. */
export function readSchedules(database: Database): readonly Schedule[] {
  const rows = database.all('SELECT body FROM schedule ORDER BY created_at, id');
  return rows.map(row => JSON.parse(String(row['body'])) as Schedule);
}

export function removeSchedule(database: Database, id: string): boolean {
  return database.run('DELETE FROM schedule WHERE id = ?', id).changes > 0;
}

/** Both are kept in one table: a host and a name mean one model server. */
const ATTACHED = "json_extract(body, '$.kind') IS 'attached'";

export function saveDeployment(database: Database, deployment: Deployment): void {
  const { host, name } = deployment;
  database.run(
    'INSERT OR REPLACE INTO deployment (host, name, body) VALUES (?, ?, ?)',
    host,
    name,
    JSON.stringify(deployment),
  );
}

export function removeDeployment(database: Database, host: string, name: string): void {
  database.run(`DELETE FROM deployment WHERE host = ? AND name = ? AND NOT (${ATTACHED})`, host, name);
}

export function readDeployments(database: Database): readonly Deployment[] {
  const rows = database.all(`SELECT body FROM deployment WHERE NOT (${ATTACHED}) ORDER BY host, name`);
  return rows.map(row => JSON.parse(String(row['body'])) as Deployment);
}

/** What was deployed is not forgotten for what only has its name. */
export function saveAttached(database: Database, attached: AttachedModel): void {
  const { host, name } = attached;
  database.run(
    `INSERT INTO deployment (host, name, body) VALUES (?, ?, ?)
     ON CONFLICT (host, name) DO UPDATE SET body = excluded.body WHERE json_extract(deployment.body, '$.kind') IS 'attached'`,
    host,
    name,
    JSON.stringify(attached),
  );
}

export function removeAttached(database: Database, host: string, name: string): void {
  database.run(`DELETE FROM deployment WHERE host = ? AND name = ? AND ${ATTACHED}`, host, name);
}

export function readAttached(database: Database): readonly AttachedModel[] {
  const rows = database.all(`SELECT body FROM deployment WHERE ${ATTACHED} ORDER BY host, name`);
  return rows.map(row => JSON.parse(String(row['body'])) as AttachedModel);
}

/** Undefined when it was never saved. */
export function readSetting(database: Database, name: string): unknown {
  const row = database.one('SELECT value FROM setting WHERE name = ?', name);
  return row && JSON.parse(String(row['value']));
}

export function saveSetting(database: Database, name: string, value: unknown): void {
  database.run(
    `INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    name,
    JSON.stringify(value ?? null),
  );
}

export function addAudit(database: Database, entry: AuditEntry): void {
  database.run(
    `INSERT INTO audit (time, who, action, subject, outcome, request_id, details)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    entry.time,
    entry.who,
    entry.action,
    entry.subject,
    entry.outcome,
    entry.requestId,
    JSON.stringify(entry.details),
  );
}

/** Newest first. */
export function readAudit(
  database: Database,
  page: Page,
): { readonly entries: readonly AuditEntry[]; readonly next: string | null } {
  const { limit, before } = pageBounds(page);
  const rows = database.all(
    'SELECT * FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?',
    before,
    limit + 1,
  );
  const shown = rows.slice(0, limit);
  const entries = shown.map(row => ({
    time: Number(row['time']),
    who: String(row['who']),
    action: String(row['action']),
    subject: String(row['subject']),
    outcome: row['outcome'] as AuditEntry['outcome'],
    requestId: String(row['request_id']),
    details: JSON.parse(String(row['details'])) as AuditEntry['details'],
  }));
  return { entries, next: rows.length > limit ? String(shown.at(-1)?.['number']) : null };
}
