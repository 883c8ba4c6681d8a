/**
 * Times a job runs at: from plain words to five cron fields, and from those to a systemd calendar.
 * Only what both can express is accepted; everything else is no schedule.
 */

const WEEKDAYS: readonly (readonly [RegExp, number])[] = [
  [/^(sun|воскрес)/iu, 0],
  [/^(mon|понедельник)/iu, 1],
  [/^(tue|вторник)/iu, 2],
  [/^(wed|сред)/iu, 3],
  [/^(thu|четверг)/iu, 4],
  [/^(fri|пятниц)/iu, 5],
  [/^(sat|суббот)/iu, 6],
];
const DAY_NAMES = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const WEEKDAY_WORD =
  '(?:(?:sun|mon|tues|wednes|thurs|fri|satur)days?|понедельник(?:ам)?|вторник(?:ам)?|сред[уам]+|четверг(?:ам)?|пятниц[уам]+|суббот[уам]+|воскресень[еям]+)';
const CRON_FIELD = String.raw`(?:\*(?:\/\d+)?|\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)`;
const CLOCK = String.raw`(?:(?:at|в)\s+)?\d{1,2}:\d{2}`;

/** Source of a regular expression that finds a schedule in a request (flags `iu`). */
export const SCHEDULE_PATTERN = [
  `${CRON_FIELD}(?:\\s+${CRON_FIELD}){4}`,
  `(?:every|each)\\s+(?:day|night|morning|evening)\\s+${CLOCK}`,
  `(?:daily|nightly)\\s+${CLOCK}`,
  `(?:every|each|on)\\s+${WEEKDAY_WORD}\\s+${CLOCK}`,
  'every\\s+hour|hourly|every\\s+minute',
  'every\\s+\\d+\\s+(?:minutes|hours)',
  `(?:каждый\\s+(?:день|вечер)|каждую\\s+ночь|каждое\\s+утро|ежедневно|еженощно)\\s+${CLOCK}`,
  `(?:кажд(?:ый|ую|ое)|по)\\s+${WEEKDAY_WORD}\\s+${CLOCK}`,
  'каждый\\s+час|ежечасно|каждую\\s+минуту|ежеминутно',
  'каждые\\s+\\d+\\s+(?:минут(?:ы)?|час(?:а|ов))',
].join('|');

const FIELD_LIMITS: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
];

/** Plain words or five cron fields → five cron fields; null where the text is no schedule we can keep. */
export function parseSchedule(text: string): string | null {
  const words = text.trim().toLowerCase().replaceAll(/\s+/g, ' ');
  if (words.split(' ').length === 5 && /^[\d*]/.test(words)) return checkedCron(words);
  const clock = /(\d{1,2}):(\d{2})$/.exec(words);
  const hour = Number(clock?.[1]);
  const minute = Number(clock?.[2]);
  if (clock && (hour > 23 || minute > 59)) return null;
  const weekday = words
    .split(' ')
    .map(word => WEEKDAYS.find(([pattern]) => pattern.test(word))?.[1])
    .find(day => day !== undefined);
  if (clock) return `${minute} ${hour} * * ${weekday ?? '*'}`;
  const amount = Number(/\d+/.exec(words)?.[0] ?? Number.NaN);
  if (!Number.isNaN(amount)) return everyFew(amount, /hour|час/u.test(words));
  if (/hour|час/u.test(words)) return '0 * * * *';
  return /minute|минут/u.test(words) ? '* * * * *' : null;
}

/** Only amounts that divide the hour or the day: `every 7 minutes` is not what cron would do. */
function everyFew(amount: number, hours: boolean): string | null {
  const whole = hours ? 24 : 60;
  if (amount < 1 || amount >= whole || whole % amount !== 0) return null;
  return hours ? `0 */${amount} * * *` : `*/${amount} * * * *`;
}

function checkedCron(cron: string): string | null {
  const fields = cron.split(' ');
  const whole = new RegExp(`^${CRON_FIELD}$`);
  const fit = fields.every((field, index) => {
    const [low, high] = FIELD_LIMITS[index] ?? [0, 0];
    const numbers = [...field.replace(/\*\/\d+/, '*').matchAll(/\d+/g)].map(Number);
    const step = Number(/\*\/(\d+)/.exec(field)?.[1] ?? 1);
    return (
      whole.test(field) &&
      numbers.every(number => number >= low && number <= high) &&
      step >= 1 &&
      step <= high
    );
  });
  // Cron runs on either day when both are limited, a calendar only on both: refuse what would differ.
  const bothDays = fields[2] !== '*' && fields[4] !== '*';
  return fit && !bothDays ? cron : null;
}

/** Five cron fields → a systemd `OnCalendar` expression: `15 3 * * 1` → `Mon *-*-* 03:15:00`. */
export function toCalendar(cron: string): string {
  const [minute = '*', hour = '*', day = '*', month = '*', weekday = '*'] = cron.split(' ');
  const days = weekday === '*' ? '' : `${calendarWeekdays(weekday)} `;
  return `${days}*-${calendarField(month, 1)}-${calendarField(day, 1)} ${calendarField(hour, 0)}:${calendarField(minute, 0)}:00`;
}

function calendarField(field: string, first: number): string {
  const step = /^\*\/(\d+)$/.exec(field);
  if (step) return `${pad(first)}/${step[1]}`;
  return field.replaceAll('-', '..').replaceAll(/\d+/g, number => pad(Number(number)));
}

function calendarWeekdays(field: string): string {
  const step = /^\*\/(\d+)$/.exec(field);
  const listed = step
    ? [0, 1, 2, 3, 4, 5, 6].filter(day => day % Number(step[1]) === 0)
    : field.split(',').flatMap(part => {
        const [from = 0, to = from] = part.split('-').map(Number);
        return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
      });
  return [...new Set(listed.map(day => DAY_NAMES[day % 7]))].join(',');
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
