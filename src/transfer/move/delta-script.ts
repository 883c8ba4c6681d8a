import type { RawPath } from '../../core/raw-path.ts';
import { pythonText } from '../host/python-program.ts';
import { quoteRaw } from '../host/run-script.ts';

/** What both programs begin with: digests of a file's blocks, made by two threads and printed in order. */
const COMMON = String.raw`
import os, sys, struct, hashlib, threading
from concurrent.futures import ThreadPoolExecutor
source, part, block = os.fsencode(sys.argv[1]), os.fsencode(sys.argv[2]), int(sys.argv[3])
out, given = sys.stdout.buffer, sys.stdin.buffer
run = 4 << 20
def digests(data):
    view = memoryview(data)
    return b"".join(hashlib.sha256(view[at:at + block]).digest()[:16] for at in range(0, len(data), block))
def write(file, data, at):
    view = memoryview(data)
    while view:
        done = os.pwrite(file, view, at)
        view, at = view[done:], at + done
def order():
    head = given.read(12)
    if len(head) < 12: raise EOFError("the orders ended early")
    return struct.unpack(">QI", head)
def show(make, size):
    out.write(struct.pack(">Q", size)); out.flush()
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(make, range(0, size, run)):
            out.write(found); out.flush()
`;

/** Changes a file in place, or a copy of it, by blocks that are sent; then prints the digests of what was changed. */
const RECEIVE = String.raw`
file = os.open(source, (os.O_RDONLY if part else os.O_RDWR) | os.O_NOFOLLOW)
size = os.fstat(file).st_size
target, cloned = file, False
if part:
    target = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        import fcntl
        fcntl.ioctl(target, 0x40049409, file)
        cloned = True
    except Exception: pass
def make(at):
    data = os.pread(file, run, at)
    if part and not cloned: write(target, data, at)
    return digests(data)
changed, failed = [], []
def take():
    try:
        while True:
            at, length = order()
            if length == 0: return os.ftruncate(target, at)
            data = given.read(length)
            if len(data) < length: raise EOFError("the orders ended early")
            write(target, data, at)
            changed.append((at, length))
    except BaseException as error: failed.append(error)
taker = threading.Thread(target=take)
taker.daemon = True
taker.start()
show(make, size)
taker.join()
if failed: raise failed[0]
for at, length in changed: out.write(digests(os.pread(target, length, at)))
os.fsync(target)
out.flush()
`;

/** Prints the digests, then the blocks that are asked for, in that order. */
const SEND = String.raw`
file = os.open(source, os.O_RDONLY)
show(lambda at: digests(os.pread(file, run, at)), os.fstat(file).st_size)
while True:
    at, length = order()
    if length == 0: break
    out.write(os.pread(file, length, at)); out.flush()
`;

/** The file `target` as it should be; with a `part` a copy of it that is changed instead. */
export function receiveScript(target: RawPath, part: RawPath | undefined, block: number): string {
  return pythonText(COMMON + RECEIVE, [quoteRaw(target), quoteRaw(part ?? ''), String(block)]);
}

export function sendScript(source: RawPath, block: number): string {
  return pythonText(COMMON + SEND, [quoteRaw(source), "''", String(block)]);
}

/** Bytes from `at` on follow, or are asked for. Length 0: all is said, and `at` is the size of the whole. */
export function orderOf(at: number, length: number): Buffer {
  const order = Buffer.alloc(12);
  order.writeBigUInt64BE(BigInt(at), 0);
  order.writeUInt32BE(length, 8);
  return order;
}

/** Splits what a program prints: the size, digests, and whatever follows them. */
export class DeltaOutput {
  readonly #block: number;
  readonly #onDigests: (bytes: Uint8Array, isLast: boolean) => void;
  readonly #onRest: (bytes: Uint8Array) => void | Promise<void>;
  #head = Buffer.alloc(0);
  #left = -1;
  size = -1;

  constructor(
    block: number,
    onDigests: (bytes: Uint8Array, isLast: boolean) => void,
    onRest: (bytes: Uint8Array) => void | Promise<void>,
  ) {
    this.#block = block;
    this.#onDigests = onDigests;
    this.#onRest = onRest;
  }

  async add(piece: Uint8Array): Promise<void> {
    let bytes = piece;
    if (this.size < 0) {
      this.#head = Buffer.concat([this.#head, bytes]);
      if (this.#head.length < 8) return;
      this.size = Number(this.#head.readBigUInt64BE(0));
      this.#left = Math.ceil(this.size / this.#block) * 16;
      bytes = this.#head.subarray(8);
      if (this.#left === 0) this.#onDigests(new Uint8Array(), true);
    }
    if (this.#left > 0 && bytes.length > 0) {
      const taken = bytes.subarray(0, this.#left);
      this.#left -= taken.length;
      this.#onDigests(taken, this.#left === 0);
      bytes = bytes.subarray(taken.length);
    }
    if (bytes.length > 0) await this.#onRest(bytes);
  }
}
