/** What the texts of reasons begin with when their subject is the command that is judged. */
const VERBS = new Set(
  (
    'adds asks builds can cannot changes closes copies cuts destroys ends gives has installs keeps lowers makes may ' +
    'mounts moves opens puts reads removes renames replaces runs sends sets shows signals speaks starts stops takes ' +
    'unpacks writes'
  ).split(' '),
);
/** A text that has subject and verb of its own: `nc connects to another machine`. */
const WHOLE =
  /^\S.* (?:is|are|runs|changes|may|connects|starts|destroys|gives|reads|closes|drops|shows)(?: |$)/;

/** A reason as one sentence for people, without a full stop: `it removes /etc`, `it runs useradd ada`. Pure. */
export function reasonSentence(text: string): string {
  const [first = ''] = text.split(' ');
  if (VERBS.has(first)) return `it ${text}`;
  if (/^(?:an?|scripts|commands)$/.test(first)) return `it has ${text}`;
  return WHOLE.test(text) ? text : `it runs ${text}`;
}
