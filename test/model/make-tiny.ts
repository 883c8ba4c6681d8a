/** `node test/model/make-tiny.ts OUT [--dim N] [--ff N] [--layers N] [--heads N] [--ctx N] [--text SENTENCE] [--name NAME]` */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { makeTinyModel } from './tiny-model.ts';

const word = { type: 'string' } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dim: word, ff: word, layers: word, heads: word, ctx: word, text: word, name: word },
});
const [out] = positionals;
if (out === undefined) throw new Error('name the file to write');
const number = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);
const given = {
  dimension: number(values.dim),
  feedForward: number(values.ff),
  layers: number(values.layers),
  heads: number(values.heads),
  context: number(values.ctx),
  sentence: values.text,
  name: values.name,
};
const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
const model = makeTinyModel(options);
await writeFile(out, model);
console.log(`${out}: ${model.length} bytes`);
