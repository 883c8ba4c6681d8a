import { buildHttpApp } from '../../src/api/http/app.ts';
import { RIGHTS } from '../../src/api/http/rights.ts';
import type { TaskApi } from '../../src/api/task-api.ts';
import { VERBS } from './verbs.ts';

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}
interface Described {
  readonly operationId: keyof typeof RIGHTS;
  readonly summary: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

type Operation = Described & { readonly route: string };

/** Everything that the description says is served. */
function operationsServed(): readonly Operation[] {
  // only described, never asked
  const app = buildHttpApp({ api: {} as TaskApi, version: '0' });
  const document = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 'Deckhand', version: '0' } });
  return Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as unknown as Record<string, Described>).map(([method, described]) => ({
      route: `${method.toUpperCase()} ${path}`,
      ...described,
    })),
  );
}

/** `GET /v1/tasks` and the like, by the name of the operation. */
export function routesByOperation(): ReadonlyMap<string, string> {
  return new Map(operationsServed().map(({ operationId, route }) => [operationId, route]));
}

/** The whole of docs/api.md, out of the description that the daemon serves. */
export function apiPage(): string {
  const groups = Map.groupBy(operationsServed(), ({ tags }) => tags?.[0] ?? '');
  return [
    '# The HTTP API',
    '',
    'This page is written by `npm run docs` from the description that the daemon serves at `/openapi.json`; a test keeps',
    'the two equal. Schemas, types and limits of each field are there. [How others use it](how-others-use-it.md) says who',
    'may come in. `?` marks what may be left out; "needs" is the right of [the roles](how-others-use-it.md#a-program).',
    '',
    ...[...groups].flatMap(([group, members]) => [
      `## ${group}`,
      '',
      '| route | what it does | takes | needs |',
      '|---|---|---|---|',
      ...members.map(rowOf),
      '',
    ]),
    ...verbRows(),
  ].join('\n');
}

function verbRows(): readonly string[] {
  const routes = routesByOperation();
  return [
    '## Every command',
    '',
    'What `deckhand` does, over HTTP: by these routes, as a task (`POST /v1/tasks` with this `kind`), or not at all.',
    '',
    '| command | over HTTP |',
    '|---|---|',
    ...Object.entries(VERBS).map(([verb, way]) => {
      if ('local' in way) return `| \`${verb}\` | no: ${way.local} |`;
      const ways =
        'by' in way
          ? way.by.map(operation => `\`${routes.get(operation) ?? operation}\``)
          : way.kind.map(name => `task \`${name}\``);
      return `| \`${verb}\` | ${ways.join(', ')} |`;
    }),
    '',
  ];
}

function rowOf(operation: Operation): string {
  const { route, summary, operationId } = operation;
  const streams = operation.responses['200']?.content?.['text/event-stream'] ? ' (event stream)' : '';
  const cells = [`\`${route}\``, `${summary}${streams}`, takes(operation), RIGHTS[operationId]];
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function takes({ parameters = [], requestBody }: Described): string {
  const query = parameters.filter(each => each.in === 'query');
  const body = requestBody?.content['application/json']?.schema;
  const fields = Object.keys(body?.properties ?? {});
  const named = (name: string, required: boolean): string => `\`${name}\`${required ? '' : '?'}`;
  const parts = [
    ...(query.length > 0
      ? [`query: ${query.map(each => named(each.name, each.required === true)).join(', ')}`]
      : []),
    ...(fields.length > 0
      ? [`body: ${fields.map(name => named(name, body?.required?.includes(name) === true)).join(', ')}`]
      : []),
  ];
  return parts.join('; ') || '–';
}
