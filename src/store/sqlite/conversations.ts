import type { ChatMessage, Conversation, KeptMessage, NewMessage } from '../../core/chat.ts';
import type { ConversationChange } from '../store.ts';
import type { Database, Row } from './database.ts';

/** Conversations with models, and what was said in them. */

const COLUMNS = `id, title, model, created_at, changed_at,
  (SELECT count(*) FROM message WHERE conversation = conversation.number) AS messages`;

export function saveConversation(database: Database, change: ConversationChange): void {
  const { id, title, model, messages, now } = change;
  database.transaction(() => {
    database.run(
      `INSERT INTO conversation (id, title, folded, model, created_at, changed_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET title = coalesce(?, title), folded = coalesce(?, folded), model = excluded.model, changed_at = excluded.changed_at`,
      id,
      title ?? '',
      title?.toLowerCase() ?? '',
      model,
      now,
      now,
      title,
      title?.toLowerCase() ?? null,
    );
    const number = Number(database.one('SELECT number FROM conversation WHERE id = ?', id)?.['number']);
    const kept = readMessages(database, number);
    const different = messages.findIndex((message, place) => !isSame(message, kept[place]));
    const same = different === -1 ? messages.length : different;
    database.run('DELETE FROM message WHERE conversation = ? AND place > ?', number, same);
    for (const [index, message] of messages.entries())
      if (index >= same) addMessage(database, number, index + 1, message, now);
  });
}

function isSame(message: ChatMessage, kept: KeptMessage | undefined): boolean {
  return kept?.role === message.role && kept.content === message.content;
}

function addMessage(
  database: Database,
  conversation: number,
  place: number,
  { role, content, ...about }: NewMessage,
  now: number,
): void {
  database.run(
    `INSERT INTO message (conversation, place, time, role, content, folded, about) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    conversation,
    place,
    now,
    role,
    content,
    content.toLowerCase(),
    JSON.stringify(about),
  );
}

/** Those changed last first; with a text, those that have it in their title or in a message. */
export function readConversations(
  database: Database,
  { search, limit }: { readonly search?: string; readonly limit: number },
): readonly Conversation[] {
  const wanted = search?.toLowerCase() ?? '';
  const rows = database.all(
    `SELECT ${COLUMNS} FROM conversation
     WHERE ? = '' OR instr(conversation.folded, ?) > 0
       OR EXISTS (SELECT 1 FROM message WHERE conversation = conversation.number AND instr(message.folded, ?) > 0)
     ORDER BY changed_at DESC, number DESC LIMIT ?`,
    wanted,
    wanted,
    wanted,
    limit,
  );
  return rows.map(toConversation);
}

export function readConversation(
  database: Database,
  id: string,
): { readonly conversation: Conversation; readonly messages: readonly KeptMessage[] } | null {
  const row = database.one(`SELECT number, ${COLUMNS} FROM conversation WHERE id = ?`, id);
  if (!row) return null;
  return { conversation: toConversation(row), messages: readMessages(database, Number(row['number'])) };
}

export function removeConversation(database: Database, id: string): boolean {
  return database.run('DELETE FROM conversation WHERE id = ?', id).changes > 0;
}

function readMessages(database: Database, conversation: number): readonly KeptMessage[] {
  return database
    .all('SELECT * FROM message WHERE conversation = ? ORDER BY place', conversation)
    .map(row => ({
      ...(JSON.parse(String(row['about'])) as Omit<NewMessage, keyof ChatMessage>),
      number: Number(row['place']),
      time: Number(row['time']),
      role: row['role'] as ChatMessage['role'],
      content: String(row['content']),
    }));
}

function toConversation(row: Row): Conversation {
  return {
    id: String(row['id']),
    title: String(row['title']),
    model: (row['model'] ?? null) as string | null,
    createdAt: Number(row['created_at']),
    changedAt: Number(row['changed_at']),
    messages: Number(row['messages']),
  };
}
