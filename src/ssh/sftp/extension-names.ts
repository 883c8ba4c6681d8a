/** The extensions of OpenSSH's server that are used where a server names them in its greeting. */
export const OPENSSH = {
  limits: 'limits@openssh.com',
  fsync: 'fsync@openssh.com',
  posixRename: 'posix-rename@openssh.com',
  hardlink: 'hardlink@openssh.com',
  statvfs: 'statvfs@openssh.com',
  lsetstat: 'lsetstat@openssh.com',
  expandPath: 'expand-path@openssh.com',
  copyData: 'copy-data',
} as const;
