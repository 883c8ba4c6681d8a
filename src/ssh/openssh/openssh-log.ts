import { sanitiseText } from '../../core/untrusted.ts';
import type { HandshakeStage } from '../banner-watch.ts';
import type { HostKeyIdentity } from '../connection.ts';

/** How far `ssh` came, in this order. */
export type LogStage = 'dialling' | HandshakeStage | 'authenticated';

/** What the log of one `ssh -v` says; its messages are fixed, only the values in them differ. */
export interface LogFacts {
  readonly stage: LogStage;
  /** `SSH-2.0-OpenSSH_10.0p2 Debian-7`, sanitised, or null before the greeting. */
  readonly serverVersion: string | null;
  /** Lines that came instead of a greeting. */
  readonly foreignLines: readonly string[];
  readonly hostKey: HostKeyIdentity | null;
  /** Where known_hosts has another key, or the revoked one. */
  readonly offending: readonly { readonly file: string; readonly line: number }[];
  /** Keys offered and methods begun, in order: `key /home/me/.ssh/id`, `agent (2 keys)`, `gssapi-with-mic`. */
  readonly tried: readonly string[];
  readonly serverAccepts: readonly string[];
  /** Key files that could not be used, with ssh's own reason. */
  readonly unreadable: readonly { readonly file: string; readonly why: string }[];
  /** Lines that are no debugging, without their prefix: warnings and errors, oldest first. */
  readonly complaints: readonly string[];
}

const DEBUGGING = /^debug[123]: /;
/** What OpenSSH writes instead of its version when it turns a connection away. */
const TURNED_AWAY = /^(Exceeded MaxStartups|Not allowed at this time)/;
const LONGEST = 255;

export function readLog(text: string): LogFacts {
  const lines = text.split(/\r?\n/).filter(line => line !== '');
  const debugging = lines.filter(line => DEBUGGING.test(line)).map(line => line.replace(DEBUGGING, ''));
  const complaints = lines.filter(line => !DEBUGGING.test(line)).map(show);
  const version = firstMatch(
    debugging,
    /^Remote protocol version \d+\.\d+, remote software version (.*)$/,
  )?.[1];
  return {
    stage: stageOf(debugging, complaints),
    serverVersion: version === undefined ? null : show(`SSH-2.0-${version}`),
    foreignLines: allMatches(debugging, /^kex_exchange_identification: banner line \d+: (.*)$/)
      .map(match => show(match[1] ?? ''))
      .filter(line => !TURNED_AWAY.test(line)),
    hostKey: hostKeyOf(debugging),
    offending: allMatches(complaints, /^Offending .* in (.+):(\d+)$/).map(match => ({
      file: match[1] ?? '',
      line: Number(match[2]),
    })),
    tried: triedOf(debugging),
    serverAccepts:
      allMatches(debugging, /^Authentications that can continue: (.*)$/)
        .at(-1)?.[1]
        ?.split(',') ?? [],
    unreadable: allMatches(complaints, /^Load key "(.+)": (.+)$/).map(match => ({
      file: match[1] ?? '',
      why: match[2] ?? '',
    })),
    complaints,
  };
}

function stageOf(debugging: readonly string[], complaints: readonly string[]): LogStage {
  if (complaints.some(line => /^Authenticated to .* using "/.test(line))) return 'authenticated';
  const seen = (pattern: RegExp): boolean => debugging.some(line => pattern.test(line));
  if (seen(/^SSH2_MSG_NEWKEYS received/)) return 'authentication';
  if (seen(/^Remote protocol version/)) return 'key-exchange';
  return seen(/^(Connection established|Executing proxy command|Local version string)/)
    ? 'greeting'
    : 'dialling';
}

/** The first one: the key exchange comes before anything else the server may have said. */
function hostKeyOf(debugging: readonly string[]): HostKeyIdentity | null {
  const match = firstMatch(debugging, /^Server host (?:key|certificate): ([\w@.-]+) (SHA256:[\w+/]+)/);
  const [, type, fingerprint] = match ?? [];
  return type === undefined || fingerprint === undefined ? null : { type, fingerprint };
}

function triedOf(debugging: readonly string[]): string[] {
  const offered = allMatches(debugging, /^(?:Offering public key|Trying private key): (.+)$/).map(
    match => match[1] ?? '',
  );
  const keys = offered.map(key => key.replace(/ [A-Z0-9-]+ SHA256:\S+.*$/, ''));
  const fromAgent = offered.filter(isOfAgent);
  const files = keys.filter((_key, index) => !isOfAgent(offered[index] ?? ''));
  const methods = allMatches(debugging, /^Next authentication method: (.+)$/)
    .map(match => match[1] ?? '')
    .filter(method => /^(gssapi|hostbased)/.test(method));
  const count = new Set(fromAgent).size;
  return [
    ...new Set([
      ...methods,
      ...(count === 0 ? [] : [`agent (${count} ${count === 1 ? 'key' : 'keys'})`]),
      ...files.map(file => `key ${file}`),
    ]),
  ];
}

/** Signed with by an agent, also where the key's file is named. */
function isOfAgent(offered: string): boolean {
  return / SHA256:\S+.* agent$/.test(offered);
}

function firstMatch(lines: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  return allMatches(lines, pattern)[0];
}
function allMatches(lines: readonly string[], pattern: RegExp): RegExpExecArray[] {
  return lines.map(line => pattern.exec(line)).filter(match => match !== null);
}
function show(line: string): string {
  return sanitiseText(line.trim()).slice(0, LONGEST);
}
