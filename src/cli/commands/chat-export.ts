import { buildCommand } from '@stricli/core';
import { writeFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { jsonDocument } from '../json-output.ts';
import { conversationMarkdown } from '../render-chats.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand chat export ID FILE`. */
export const chatExportCommand = buildCommand<OutputFlags, [string, string], CliContext>({
  docs: {
    brief: 'Write a conversation as Markdown or JSON',
    fullDescription: `The end of the file's name decides: .md or .json. A file that is there is not written over.

Example:
  deckhand chat export chat-01kf3m2x9q4v8w2t7n0 talk.md`,
  },
  parameters: {
    flags: outputFlags,
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: String, brief: 'The conversation', placeholder: 'ID' },
        { parse: String, brief: 'Where to: .md or .json', placeholder: 'FILE' },
      ],
    },
  },
  async func(flags, id, file) {
    await withTasks(this, flags, async ({ tasks, result, terminal }) => {
      const form = extname(file);
      if (form !== '.md' && form !== '.json')
        throw new DeckhandError('input.invalid', `'${file}' ends neither with .md nor with .json.`);
      const found = await tasks.conversation(id);
      const text = form === '.md' ? conversationMarkdown(found) : jsonDocument({ ...found });
      const path = resolve(terminal.folder, file);
      await writeFile(path, text, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
        throw new DeckhandError('input.invalid', `'${file}' cannot be written: ${error.code}.`, {
          cause: error,
        });
      });
      result({ file: path }, () => `${path}\n`);
      return 0;
    });
  },
});
