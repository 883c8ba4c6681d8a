import type { JSX } from 'react';
import { toDeckhandError } from 'deckhand/client';
import { api, readSession } from '../engine/api.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { Button } from '../parts/button.tsx';
import { Fault } from '../parts/fault.tsx';
import { notice } from '../parts/notice.ts';
import { When } from '../parts/when.tsx';
import { countText, plainText } from '../parts/words.ts';

/** Browsers that are signed in; others can be signed out. */
export function SessionList(): JSX.Element {
  const known = useAnswer('sessions', async () => {
    const [sessions, mine] = await Promise.all([api.sessions(), readSession()]);
    return { sessions, mine: mine?.id ?? null };
  });
  const end = async (which: Parameters<typeof api.endSessions>[0]): Promise<void> => {
    try {
      const { ended } = await api.endSessions(which);
      notice.say(`${countText(ended, 'browser')} signed out.`);
      known.reload();
    } catch (thrown) {
      notice.say(toDeckhandError(thrown).message);
    }
  };
  const { sessions = [], mine = null } = known.value ?? {};
  return (
    <section aria-label="signed in" className="px-4 py-3">
      <h2 className="flex items-center gap-2 font-semibold">
        Signed in
        {mine !== null && sessions.length > 1 ? (
          <Button className="font-normal" onClick={() => void end({ except: mine })}>
            Sign out all others
          </Button>
        ) : null}
      </h2>
      {known.error ? <Fault error={known.error} /> : null}
      <ul className="divide-y divide-line">
        {sessions.map(({ id, token, beganAt, expiresAt }) => (
          <li
            key={id}
            data-session={id === mine ? 'mine' : 'other'}
            className="flex flex-wrap items-center gap-3 py-1"
          >
            <span>{token === null ? 'the owner, by a link' : `by the token ${plainText(token, 64)}`}</span>
            <span className="text-muted">
              since <When time={beganAt} />, until <When time={expiresAt} />
            </span>
            {id === mine ? (
              <span className="font-medium">this browser</span>
            ) : (
              <Button look="bare" onClick={() => void end({ id })}>
                Sign out
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
