import { encodeHeader, type Member, paddingOf } from './header.ts';

/** One member of an archive for tests: a file of everybody's, unless `fields` say otherwise. */
export function member(path: string, contents: string, fields: Partial<Member> = {}): Buffer {
  const plain: Member = {
    path,
    type: 'file',
    size: contents.length,
    mode: 0o644,
    mtime: 0n,
    uid: 0,
    gid: 0,
    link: null,
  };
  const header = encodeHeader({ ...plain, ...fields });
  return Buffer.concat([header, Buffer.from(contents), Buffer.alloc(paddingOf(contents.length))]);
}
