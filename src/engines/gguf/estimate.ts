import type { GgufHeader, GgufValue } from './format.ts';

/** What a model is, as far as its memory depends on it. */
export interface ModelShape {
  readonly architecture: string;
  readonly name: string;
  readonly layers: number;
  /** Tokens it was trained for. */
  readonly trainedContext: number;
  readonly embedding: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  /** Numbers of key and value kept for one token, over all layers. */
  readonly keyValues: number;
  readonly hasChatTemplate: boolean;
}

/** Bytes of memory, by what takes them. */
export interface MemoryEstimate {
  readonly model: number;
  readonly context: number;
  readonly compute: number;
  /** The program itself. */
  readonly program: number;
  readonly total: number;
}

/** Tokens that the engine takes in one go. */
const BATCH = 512;
const FLOAT = 4;
const HALF = 2;
/** Measured: an idle server with the smallest model. */
const PROGRAM = 24 * 1024 * 1024;
/** Tokens of context where nobody asks for more: what a model was trained for may fill any memory. */
const USUAL_CONTEXT = 8192;

/** The shape a header tells; what it leaves out counts as zero. */
export function shapeOf({ values }: GgufHeader): ModelShape {
  const architecture = text(values.get('general.architecture'));
  const value = (name: string): GgufValue | undefined => values.get(`${architecture}.${name}`);
  const layers = number(value('block_count'));
  const embedding = number(value('embedding_length'));
  const heads = perLayer(value('attention.head_count'), layers);
  const kept = perLayer(value('attention.head_count_kv') ?? value('attention.head_count'), layers);
  const head = embedding / Math.max(...heads, 1);
  const width =
    (number(value('attention.key_length')) || head) + (number(value('attention.value_length')) || head);
  const tokens = values.get('tokenizer.ggml.tokens');
  return {
    architecture,
    name: text(values.get('general.name')),
    layers,
    trainedContext: number(value('context_length')),
    embedding,
    feedForward: Math.max(...perLayer(value('feed_forward_length'), 1)),
    vocabulary: number(value('vocab_size')) || lengthOf(tokens),
    keyValues: kept.reduce((sum, count) => sum + count * width, 0),
    hasChatTemplate: values.has('tokenizer.chat_template'),
  };
}

/** Tokens of context to serve with: as asked, else as trained, but no more than is usual. */
export function contextFor(shape: ModelShape, asked: number | undefined): number {
  return asked ?? (Math.min(shape.trainedContext, USUAL_CONTEXT) || USUAL_CONTEXT);
}

/**
 * Memory of llama-server on a CPU. Model and context are exact; compute is what its graph needs at its widest
 * (three rows of the feed-forward and five of the embedding, or one of the vocabulary, for a batch) and the
 * attention mask: equal to the engine's own log for the models measured.
 */
export function estimateMemory(header: GgufHeader, context: number): MemoryEstimate {
  const shape = shapeOf(header);
  const rows = Math.max(3 * shape.feedForward + 5 * shape.embedding, shape.vocabulary + shape.embedding);
  const parts = {
    model: header.tensorBytes,
    context: shape.keyValues * context * HALF,
    compute: BATCH * (rows * FLOAT + context * HALF),
    program: PROGRAM,
  };
  return { ...parts, total: parts.model + parts.context + parts.compute + parts.program };
}

function perLayer(value: GgufValue | undefined, layers: number): readonly number[] {
  if (Array.isArray(value)) return value as readonly number[];
  return Array.from({ length: Math.min(Math.max(layers, 1), 10_000) }, () => number(value));
}

function number(value: GgufValue | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}
function text(value: GgufValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
function lengthOf(value: GgufValue | undefined): number {
  return typeof value === 'object' ? value.length : 0;
}
