/**
 * Bytes as the body of an answer, read from their source as the reader takes them; who leaves aborts the signal. What
 * the source throws before its first bytes is thrown, later it cuts the answer off.
 */
export async function byteStream(
  open: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
  stopping: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const gone = new AbortController();
  const signal = stopping ? AbortSignal.any([gone.signal, stopping]) : gone.signal;
  const source = open(signal)[Symbol.asyncIterator]();
  let next: IteratorResult<Uint8Array> | null = await source.next();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = next ?? (await source.next());
        next = null;
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        gone.abort();
        await source.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
