/**
 * A tiny language model whose weights are constructed, not trained: asked anything, it says one fixed
 * sentence and stops. It is a real GGUF file of architecture `llama`, for tests and for trying things out.
 */
import { half, writeGguf } from './gguf-writer.ts';

export interface TinyModelOptions {
  readonly layers?: number;
  readonly dimension?: number;
  readonly heads?: number;
  readonly feedForward?: number;
  readonly context?: number;
  /** Every word may occur once: its token is the state of the chain. */
  readonly sentence?: string;
  readonly name?: string;
}

export const TINY_SENTENCE =
  'Ahoy! This is the tiny test model of Deckhand, running on your own server behind an SSH tunnel.';

const TEMPLATE =
  "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** The whole file. */
export function makeTinyModel(options: TinyModelOptions = {}): Buffer {
  const { layers = 1, dimension = 64, heads = 4, context = 2048, name = 'deckhand-tiny' } = options;
  const { feedForward = dimension } = options;
  const vocabulary = makeVocabulary(options.sentence ?? TINY_SENTENCE);
  const random = randomSource(1);
  const tensors = [
    ...chainTensors(vocabulary, dimension, random),
    ...Array.from({ length: layers }, (_, layer) =>
      layerTensors(`blk.${layer}.`, { dimension, feedForward, random }),
    ).flat(),
  ];
  return writeGguf(
    [
      ['general.architecture', 'string', 'llama'],
      ['general.name', 'string', name],
      ['general.file_type', 'u32', 1],
      ['llama.context_length', 'u32', context],
      ['llama.embedding_length', 'u32', dimension],
      ['llama.block_count', 'u32', layers],
      ['llama.feed_forward_length', 'u32', feedForward],
      ['llama.attention.head_count', 'u32', heads],
      ['llama.attention.head_count_kv', 'u32', heads],
      ['llama.rope.dimension_count', 'u32', dimension / heads],
      ['llama.attention.layer_norm_rms_epsilon', 'f32', 1e-5],
      ['llama.vocab_size', 'u32', vocabulary.tokens.length],
      ['tokenizer.ggml.model', 'string', 'llama'],
      ['tokenizer.ggml.pre', 'string', 'default'],
      ['tokenizer.ggml.tokens', 'strings', vocabulary.tokens],
      ['tokenizer.ggml.scores', 'f32s', vocabulary.scores],
      ['tokenizer.ggml.token_type', 'i32s', vocabulary.types],
      ['tokenizer.ggml.unknown_token_id', 'u32', 0],
      ['tokenizer.ggml.bos_token_id', 'u32', 1],
      ['tokenizer.ggml.eos_token_id', 'u32', vocabulary.end],
      ['tokenizer.ggml.add_bos_token', 'boolean', true],
      ['tokenizer.ggml.add_space_prefix', 'boolean', false],
      ['tokenizer.chat_template', 'string', TEMPLATE],
    ],
    tensors,
  );
}

interface Vocabulary {
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  readonly scores: readonly number[];
  /** Tokens of the sentence's words, in order. */
  readonly chain: readonly number[];
  readonly end: number;
  readonly quote: number;
}

/** Types of tokens: 1 normal, 2 unknown, 3 control, 6 byte. */
function makeVocabulary(sentence: string): Vocabulary {
  const tokens: string[] = [];
  const types: number[] = [];
  const scores: number[] = [];
  const add = (token: string, type: number, score: number): number => {
    types.push(type);
    scores.push(score);
    return tokens.push(token) - 1;
  };
  add('<unk>', 2, 0);
  add('<s>', 3, 0);
  add('</s>', 3, 0);
  for (let byte = 0; byte < 256; byte += 1)
    add(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, 6, 0);
  add('<|im_start|>', 3, 0);
  const end = add('<|im_end|>', 3, 0);
  add('\u2581', 1, -1);
  for (let code = 33; code < 127; code += 1) add(String.fromCharCode(code), 1, -1);
  const words = sentence.split(/(?= )/).map(word => word.replaceAll(' ', '\u2581'));
  const chain = words.map(word => {
    if (tokens.includes(word)) throw new Error(`'${word}' occurs twice, or is one character`);
    return add(word, 1, -1000);
  });
  return { tokens, types, scores, chain, end, quote: tokens.indexOf('"') };
}

export interface Tensor {
  readonly name: string;
  readonly dimensions: readonly number[];
  /** Little-endian: half precision, or 32 bits where `isWide`. */
  readonly data: Buffer;
  readonly isWide: boolean;
}

function tensor(name: string, dimensions: readonly number[], values: (index: number) => number): Tensor {
  const length = dimensions.reduce((product, size) => product * size, 1);
  const isWide = dimensions.length === 1;
  const data = Buffer.alloc(length * (isWide ? 4 : 2));
  for (let index = 0; index < length; index += 1) {
    if (isWide) data.writeFloatLE(values(index), index * 4);
    else data.writeUInt16LE(half(values(index)), index * 2);
  }
  return { name, dimensions, data, isWide };
}

/** Embeddings, and the output matrix that leads from each word of the chain to the next. */
function chainTensors(
  { tokens, chain, end, quote }: Vocabulary,
  dimension: number,
  random: () => number,
): readonly Tensor[] {
  const size = tokens.length;
  const embedding = new Float32Array(size * dimension);
  const output = new Float32Array(size * dimension);
  const inChain = new Set(chain);
  for (let token = 0; token < size; token += 1) {
    for (let index = 1; index < dimension; index += 1)
      embedding[token * dimension + index] = random() < 0.5 ? -1 : 1;
    // says whether a token is outside of the chain
    embedding[token * dimension] = inChain.has(token) ? -1 : 1;
  }
  const link = (from: number, to: number, weight: number): void => {
    for (let index = 1; index < dimension; index += 1) {
      const at = to * dimension + index;
      output[at] = (output[at] ?? 0) + 0.5 * weight * (embedding[from * dimension + index] ?? 0);
    }
  };
  output[(chain[0] ?? 0) * dimension] = 0.5 * dimension;
  for (const [index, from] of chain.entries()) link(from, chain[index + 1] ?? end, 1);
  // within JSON the string is closed by itself
  link(chain.at(-1) ?? 0, quote, 0.8);
  return [
    tensor('token_embd.weight', [dimension, size], index => embedding[index] ?? 0),
    tensor('output_norm.weight', [dimension], () => 1),
    tensor('output.weight', [dimension, size], index => output[index] ?? 0),
  ];
}

/** A layer that is computed and adds nothing: its last matrices are zero. */
function layerTensors(
  prefix: string,
  shape: { readonly dimension: number; readonly feedForward: number; readonly random: () => number },
): readonly Tensor[] {
  const { dimension, feedForward, random } = shape;
  const square = [dimension, dimension];
  const noise = (): number => (random() - 0.5) * 3.4 * dimension ** -0.5;
  return [
    tensor(`${prefix}attn_norm.weight`, [dimension], () => 1),
    tensor(`${prefix}attn_q.weight`, square, noise),
    tensor(`${prefix}attn_k.weight`, square, noise),
    tensor(`${prefix}attn_v.weight`, square, noise),
    tensor(`${prefix}attn_output.weight`, square, () => 0),
    tensor(`${prefix}ffn_norm.weight`, [dimension], () => 1),
    tensor(`${prefix}ffn_gate.weight`, [dimension, feedForward], noise),
    tensor(`${prefix}ffn_up.weight`, [dimension, feedForward], noise),
    tensor(`${prefix}ffn_down.weight`, [feedForward, dimension], () => 0),
  ];
}

/** The same numbers in every run (mulberry32). */
function randomSource(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
