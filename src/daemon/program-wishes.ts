import type { NewTask } from '../core/task.ts';
import { quote } from '../shell/quote.ts';

/** A command that does to a host what a task does that is none. */
interface Wish {
  readonly command: string;
  readonly hosts: readonly string[];
}

/**
 * What a model's program wishes for besides commands, as commands that do the same: so that the rules for commands hold
 * for it too. Pure.
 */
export function programWishes(tasks: readonly NewTask[]): readonly Wish[] {
  const [first] = tasks;
  const hosts = tasks.map(({ host }) => host ?? '');
  const params = first?.params;
  const textOf = (name: string): string => {
    const value = params?.[name];
    return typeof value === 'string' ? value : '';
  };
  const word = (name: string): string => quote(textOf(name));
  switch (first?.kind) {
    case 'scp.upload':
      return [{ command: `cat > ${word('target')}`, hosts }];
    case 'scp.download':
      return [{ command: `cat ${word('source')}`, hosts }];
    case 'scp.sync': {
      const reads = { command: `cat ${word('remote')}`, hosts };
      if (params?.['direction'] === 'pull') return [reads];
      const writes = { command: `cat > ${word('remote')}`, hosts };
      return params?.['deleteExtra'] === true
        ? [writes, { command: `rm -r ${word('remote')}`, hosts }]
        : [writes];
    }
    case 'model.deploy':
      return [
        { command: `deckhand model deploy ${word('name')}`, hosts },
        ...(textOf('start') === '' ? [] : [{ command: textOf('start'), hosts }]),
      ];
    case 'ssh.tunnel':
      return [{ command: `deckhand tunnel add ${word('name')}`, hosts: [textOf('host')] }];
    default:
      return [];
  }
}
