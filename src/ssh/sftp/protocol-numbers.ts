/** The numbers of SFTP version 3 (draft-ietf-secsh-filexfer-02), as every server speaks them. */
export const REQUEST = {
  init: 1,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  readlink: 19,
  symlink: 20,
  extended: 200,
} as const;

export const REPLY = {
  version: 2,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attributes: 105,
  extended: 201,
} as const;

/** Status codes; those above 8 are of later versions, and some servers send them all the same. */
export const STATUS = {
  ok: 0,
  endOfFile: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  noConnection: 6,
  connectionLost: 7,
  unsupported: 8,
  invalidHandle: 9,
  noSuchPath: 10,
  alreadyExists: 11,
  writeProtected: 12,
  noSpace: 14,
  quotaExceeded: 15,
  notEmpty: 18,
  notADirectory: 19,
  invalidName: 20,
  isADirectory: 24,
} as const;

/** Flags of OPEN. */
export const OPEN = { read: 1, write: 2, append: 4, create: 8, truncate: 16, exclusive: 32 } as const;

/** Bits of an attribute block that say what follows. */
export const ATTRIBUTE = { size: 1, owner: 2, mode: 4, times: 8, extended: 0x80000000 } as const;

/** Bytes of the largest packet taken from a server; OpenSSH's own limit is half of it. */
export const LARGEST_PACKET = 512 * 1024;
/** Bytes of the largest handle the protocol allows. */
export const LARGEST_HANDLE = 256;
