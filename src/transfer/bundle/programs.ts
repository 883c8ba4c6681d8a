/**
 * The far ends of a bundle (`format.ts`), for a python3 that is there already. It needs half of the processor time
 * that tar and sha256sum take together: each file is opened once.
 */

/** What both begin with. A pipe that holds more has its reader wait less often. */
const COMMON = String.raw`
import os, sys, stat, struct, time
from hashlib import sha256
try:
    import fcntl
    fcntl.fcntl(PIPE, 1031, 1 << 20)
except Exception: pass
given, flags = sys.stdin.buffer, sys.argv[1]
def take(length):
    data = given.read(length)
    if len(data) < length: raise EOFError("the bundle ended early")
    return data
head, record = struct.Struct(">II"), struct.Struct(">IBHIq")
names = take(struct.unpack(">I", take(4))[0]).split(b"\0")
`;

/**
 * Unpacks in the folder it runs in. Flags: p = times are kept, o = owners, f = files alone, each name once (the sender
 * is not trusted), r = says what is done, s = brings it to the disk (beginning `sync` costs this process little), n = chunks
 * have names, and shell text comes last, which this process becomes. Then
 * what of modes stays, and bytes of contents a chunk may have.
 * What was written is read back and hashed before it counts.
 */
const RECEIVE = String.raw`
mask, largest = int(sys.argv[2], 8), int(sys.argv[3])
times, owned, plain, says, disk, named = [each in flags for each in "pofrsn"]
ids, last = (), b""
if not named: ids = list(struct.iter_unpack(">II", take(8 * len(names)))) if owned else ()
new = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
now, folders, asked, out = time.time_ns(), [], list(names), sys.stdout.buffer
os.umask(0)
exact = False
try: exact = bool(os.getxattr(".", "system.posix_acl_default"))
except Exception: pass
def clear(name):
    try: os.unlink(name)
    except (IsADirectoryError, PermissionError): os.rmdir(name)
def make(name, mode):
    try: return os.open(name, new, mode)
    except FileExistsError: clear(name)
    return os.open(name, new, mode)
def folder(name):
    try: return os.mkdir(name, 0o700)
    except FileExistsError: pass
    if os.path.isdir(name) and not os.path.islink(name): return os.chmod(name, 0o700)
    os.unlink(name)
    os.mkdir(name, 0o700)
def link(name, target):
    try: return os.symlink(target, name)
    except FileExistsError: clear(name)
    os.symlink(target, name)
def said(): return take(int.from_bytes(take(4), "big"))
def unpack(name=b"", write=os.write, pread=os.pread, utime=os.utime, close=os.close, file=-1):
    global names, ids, last
    try:
        while True:
            count, length = head.unpack(take(8))
            if count == 0: break
            if count > 512 or length > largest: raise ValueError("no chunk is so large")
            contents = memoryview(take(length))
            records = list(record.iter_unpack(take(19 * count)))
            wanted, found, at = take(32), sha256(), 0
            if named:
                names = said().split(b"\0")
                if owned: ids = list(struct.iter_unpack(">II", take(8 * count)))
            for index, kind, mode, size, mtime in records:
                name, part, mode = names[index], contents[at:at + size], mode & mask
                at += size
                if at > length: raise ValueError("contents are missing")
                if plain:
                    if kind or name is None: raise ValueError("nobody asked for it")
                    names[index] = None
                if kind == 0:
                    file = make(name, mode & 0o777)
                    if size:
                        done = write(file, part)
                        while done < size: done += write(file, part[done:])
                        found.update(pread(file, size, 0))
                    if owned: os.fchown(file, *ids[index])
                    if exact or mode & 0o7000: os.fchmod(file, mode)
                    if times: utime(file, ns=(now, mtime))
                    close(file)
                elif kind == 1:
                    folder(name)
                    folders.append((name, ids[index] if owned else (), mode, mtime))
                else:
                    link(name, bytes(part))
                    found.update(os.readlink(name))
                    if owned: os.lchown(name, *ids[index])
                    if times: utime(name, ns=(now, mtime), follow_symlinks=False)
            good = at == length and found.digest() == wanted
            if says:
                if not good: [os.unlink(asked[each[0]]) for each in records]
                out.write(struct.pack(">IB", count, good))
                out.write(b"".join(struct.pack(">II", each[0], each[3]) for each in records))
                out.flush()
            elif not good: return 3
        if named: last = said()
        if not plain and given.read(1): raise ValueError("it goes on after its end")
        for name, owner, mode, mtime in reversed(folders):
            if owned: os.chown(name, *owner)
            os.chmod(name, mode)
            if times: utime(name, ns=(now, mtime))
        if disk: os.spawnvp(os.P_WAIT, "sync", ["sync", "-f", "."])
        if last: os.execvp("sh", [b"sh", b"-c", last])
    except (OSError, OverflowError) as error:
        text = os.strerror(error.errno) if getattr(error, "errno", None) else str(error)
        sys.stderr.buffer.write(name + b": " + text.encode() + b"\n")
        sys.stderr.flush()
        return 2
    return 0
os._exit(unpack())
`;

/**
 * Sends the files that are named, as they are at one moment; what cannot be read, or changes while it is, twice, is left
 * out. Flag h: links count as what they point to. Then bytes of the largest file that goes so.
 */
const SEND = String.raw`
largest, out = int(sys.argv[2]), sys.stdout.buffer.raw
how = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if "h" in flags else os.O_NOFOLLOW)
def put(data):
    view = memoryview(data)
    while view: view = view[out.write(view):]
def contents(name, fstat=os.fstat):
    for again in (True, False):
        try: file = os.open(name, how)
        except OSError: return None
        try:
            before = fstat(file)
            size = before.st_size
            if not stat.S_ISREG(before.st_mode) or size > largest: return None
            part = os.read(file, size) if size else b""
            after = fstat(file)
            if len(part) == size == after.st_size and before.st_mtime_ns == after.st_mtime_ns: return part, after
        except OSError: return None
        finally: os.close(file)
    return None
def send():
    parts, records, length = [], [], 0
    for index, name in enumerate(names):
        found = contents(name)
        if found is None: continue
        part, like = found
        if records and (len(records) == 512 or length + len(part) > 262144):
            flush(parts, records, length)
            parts, records, length = [], [], 0
        parts.append(part)
        records.append(record.pack(index, 0, like.st_mode & 0o7777, len(part), like.st_mtime_ns))
        length += len(part)
    if records: flush(parts, records, length)
    put(head.pack(0, 0))
def flush(parts, records, length):
    data = b"".join(parts)
    put(b"".join([head.pack(len(records), length), data, *records, sha256(data).digest()]))
send()
os._exit(0)
`;

const COMMENTS = /^\s*\n/gm;

/** The text of the program that unpacks what comes on its input. */
export const RECEIVE_PROGRAM = (COMMON.replace('PIPE', '0') + RECEIVE).replaceAll(COMMENTS, '');
/** The text of the program that prints a bundle of the names on its input. */
export const SEND_PROGRAM = (COMMON.replace('PIPE', '1') + SEND).replaceAll(COMMENTS, '');

/** Exit codes of the receiver; all others mean that it cannot do it here. */
export const RECEIVED = { all: 0, failed: 2, differs: 3 } as const;

/** Words after the text of the receiver. */
export function receiveWords(how: {
  readonly preserve: boolean;
  readonly owners: boolean;
  readonly isTrusted: boolean;
  readonly mask: number;
  readonly largest: number;
}): readonly string[] {
  const flags = `-${how.preserve ? 'p' : ''}${how.owners ? 'o' : ''}${how.isTrusted ? 'n' : 'frs'}`;
  return [flags, how.mask.toString(8), String(how.largest)];
}

/** Words after the text of the sender. `largest`: bytes of a file that goes so. */
export function sendWords(how: { readonly follow: boolean; readonly largest: number }): readonly string[] {
  return [how.follow ? '-h' : '-', String(how.largest)];
}
