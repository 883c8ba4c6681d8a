import { type Argument, type Call, DATA, type Handler, note, type Stream } from '../call.ts';
import { grammarOf, type Option, readOptions } from '../option-grammar.ts';
import { placesOf, readsPath, writesPath } from '../paths/touch.ts';
import { applyOptions, mixed } from './table-reader.ts';

/** Data goes to another machine. */
function sends(call: Call, what: string, secret: boolean): void {
  call.ledger.effect('network', what);
  if (secret || call.stdin.secret || call.args.some(({ stream }) => stream.secret))
    note(call, 'forbidden', `sends a secret to ${what}`, 'secret-disclosure');
  else note(call, 'unknown', `sends data to ${what}`, 'secret-disclosure');
}

const CURL = grammarOf(
  '-fsSkLIiNvgG46#j0O -o=> -w= -H= -A= -e= -m= -r= -u=!u -b=!u -c=> -x=!u -X= -d= -F= -T= --fail --silent --show-error --insecure --location --head --include --no-buffer --verbose --output=> --write-out= --header= --user-agent= --max-time= --connect-timeout= --retry= --retry-delay= --retry-connrefused --compressed --request= --data= --data-raw= --data-binary= --data-urlencode= --form= --upload-file= --http1.1 --http2 --resolve= --interface= --cacert=< --max-redirs= --create-dirs --remote-name --get --ipv4 --ipv6 --range= --no-progress-meter --progress-bar --fail-with-body --tlsv1.2 --proto= --json= --unix-socket=!u -D=> --dump-header=> -V --version --max-filesize= --retry-max-time= --http1.0 --globoff -R --remote-time --basic --anyauth --ssl-reqd --capath= --noproxy= --keepalive-time= --limit-rate= -Z --parallel --path-as-is --raw --stderr=> --trace-time --tcp-nodelay --url-query= -z= --time-cond=',
);
const CURL_BODY = new Set([
  '-d',
  '-F',
  '-T',
  '--data',
  '--data-raw',
  '--data-binary',
  '--data-urlencode',
  '--form',
  '--upload-file',
  '--json',
]);

const curl: Handler = call => {
  const { options, operands } = applyOptions(call, call.args, CURL);
  const address = operands.map(({ source }) => source).join(' ') || 'another machine';
  for (const operand of operands) fetchesFrom(call, operand);
  const method = options.find(({ name }) => name === '-X' || name === '--request')?.value?.text ?? 'GET';
  const body = options.filter(({ name }) => CURL_BODY.has(name));
  const asGet = options.some(({ name }) => name === '-G' || name === '--get');
  const ofFiles = body.filter(
    ({ name, value }) => !asGet || (value !== null && fileOf(name, value) !== null),
  );
  if (ofFiles.length > 0) sendsBody(call, ofFiles, address);
  else if (!/^(GET|HEAD|OPTIONS)$/.test(method))
    note(call, 'unknown', `${method} changes something at ${address}`);
  for (const { name } of options)
    if (name === '-O' || name === '--remote-name')
      writesPath(call, { shape: './\uE001', source: name }, 'append');
  readsInto(call, options, address);
  keepsToRun(call, options);
  return fetched(call, operands);
};

function sendsBody(call: Call, body: readonly Option[], address: string): void {
  let secret = false;
  for (const { name, value } of body) {
    if (!value) continue;
    const file = fileOf(name, value);
    if (file !== null && file !== '-')
      secret = readsPath(call, { shape: file, source: value.source }) || secret;
  }
  sends(call, address, secret);
}

/** The file that a value names, such as `@/tmp/x`; null: it is the data itself. */
function fileOf(name: string, { shape }: Argument): string | null {
  const named = /^(?:[^=@]*=)?@(.*)$/s.exec(shape)?.[1];
  return named ?? (name === '-T' || name === '--upload-file' ? shape : null);
}

/** Headers and forms of output that stand in a file. */
function readsInto(call: Call, options: readonly Option[], address: string): void {
  for (const { name, value } of options) {
    if (!value?.shape.startsWith('@') || !/^(-H|-w|--header|--write-out)$/.test(name)) continue;
    const secret = readsPath(call, { shape: value.shape.slice(1), source: value.source });
    if (name === '-H' || name === '--header') sends(call, address, secret);
  }
}

/** What was fetched is kept where something will run it. */
function keepsToRun(call: Call, options: readonly Option[]): void {
  for (const { role, value } of options) {
    const runs =
      value &&
      placesOf(call, value).some(place =>
        /^\/etc\/(cron|systemd|init|profile)|^\/var\/spool\/cron/.test(place ?? ''),
      );
    if (role === 'writes' && runs)
      note(
        call,
        'destructive',
        'keeps what another machine sent where it will run',
        'remote-code',
        value.source,
      );
  }
}

/** A page of this machine is no other machine's. */
function fetched(call: Call, operands: readonly Argument[]): Stream {
  const own =
    operands.length > 0 &&
    operands.every(
      ({ text }) =>
        text !== null && /^(https?:\/\/)?(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(\/|$)/.test(text),
    );
  const stream = mixed(call, false, true);
  return own ? { ...stream, remote: true } : stream;
}

function fetchesFrom(call: Call, operand: Argument): void {
  const { shape, source, loose, stream } = operand;
  call.ledger.effect('network', operand.text ?? '?');
  const scheme = /^([a-z]+):/i.exec(shape)?.[1]?.toLowerCase();
  if (scheme === 'file') readsPath(call, { shape: shape.slice(7), source });
  else if (scheme !== undefined && /:\/\//.test(shape) && !/^(https?|ftp)$/.test(scheme))
    note(call, 'unknown', `speaks ${scheme}`, undefined, source);
  if (stream.secret) sends(call, source, true);
  else if (operand.text === null && !loose)
    note(call, 'change', 'sends what is known only when it runs, in an address', undefined, source);
}

const WGET = grammarOf(
  '-qcNvSk46np -O=> -o=> -P=> -T= -t= -U= -a=> --quiet --continue --timestamping --output-document=> --directory-prefix=> --timeout= --tries= --user-agent= --header= --no-check-certificate --no-verbose --show-progress --spider --server-response --no-clobber --content-disposition --https-only --max-redirect= --post-data= --post-file= --body-data= --body-file= --method=!u --progress=',
);

const wget: Handler = call => {
  const { options, operands } = applyOptions(call, call.args, WGET);
  for (const operand of operands) fetchesFrom(call, operand);
  const document = options.find(({ name }) => name === '-O' || name === '--output-document')?.value;
  const looks = options.some(({ name }) => name === '--spider');
  keepsToRun(call, options);
  if (document && document.text !== '-') writesPath(call, document, 'replace');
  else if (!document && !looks) writesPath(call, { shape: './\uE001', source: 'wget' }, 'append');
  const body = options.filter(({ name }) => /^--(post|body)-/.test(name));
  if (body.length > 0)
    sendsBody(
      call,
      body.map(one => (one.name.endsWith('file') && one.value ? { ...one, name: '-T' } : one)),
      'another machine',
    );
  return fetched(call, operands);
};

const SSH = grammarOf(
  '-46AaCfgKkMNnqsTtVvXxYyG -b= -c= -E=> -e= -i= -J= -l= -m= -p= -o= -D=!u -L=!u -R=!u -w=!u -W=!u -F=!u -S=!u -O=!u -Q= -B=',
);
const SSH_OPTION =
  /^(BatchMode|ConnectTimeout|StrictHostKeyChecking|ServerAlive\w+|LogLevel|Port|User|IdentitiesOnly|PreferredAuthentications|RequestTTY|Compression|ConnectionAttempts|NumberOfPasswordPrompts|PasswordAuthentication)[= ]/i;

/** The words after the host are a script of the other host. */
const ssh: Handler = call => {
  const { options, operands } = readOptions(call.args, SSH, true);
  applyOptions(call, call.args, SSH, true);
  for (const { name, value } of options)
    if (name === '-o' && !SSH_OPTION.test(value?.shape ?? ''))
      note(call, 'unknown', `ssh -o ${value?.source ?? ''}`, undefined, value?.source);
  if (options.some(({ name }) => /^-[GVQ]$/.test(name))) return DATA;
  const [host, ...words] = operands;
  if (!host) return DATA;
  call.ledger.effect('network', host.text ?? '?');
  if (call.stdin.secret) sends(call, host.source, true);
  const texts = words.map(({ text }) => text);
  if (words.length === 0) {
    if (call.stdin.text !== null) call.judgeText(call.stdin.text, DATA, otherHost(call));
    else note(call, 'unknown', 'a shell on another host');
  } else if (texts.includes(null))
    note(call, 'unknown', 'runs a text on another host that is known only when it runs');
  else call.judgeText(texts.join(' '), call.stdin, otherHost(call));
  return { ...DATA, remote: true };
};

function otherHost({ scope }: Call): Call['scope'] {
  return { ...scope, folders: new Set(['/~']), made: new Set(), values: new Map(), functions: new Set() };
}

const SCP = grammarOf('-346BCpqrTv -c= -i= -l= -P= -J= -o=!u -F=!u -S=!u');
const RSYNC = grammarOf(
  '-avzrltpogDHAXSxunhPqKLkmWbcEIOR0C -e=!u -f= -T=> --archive --verbose --compress --recursive --progress --stats --human-readable --dry-run --exclude= --include= --exclude-from=< --include-from=< --partial --inplace --checksum --update --times --perms --chmod= --chown= --numeric-ids --delete!d --delete-after!d --delete-before!d --delete-during!d --delete-excluded!d --del!d --remove-source-files!d --rsh=!u --rsync-path=!u --bwlimit= --timeout= --info= --itemize-changes --mkpath --relative --ignore-existing --existing --size-only --links --copy-links --no-owner --no-group --no-perms --no-o --no-g --backup --log-file=>',
);

/** Copies between hosts: a source that is a secret may not leave. */
const copies =
  (grammar: ReturnType<typeof grammarOf>): Handler =>
  call => {
    const { operands } = applyOptions(call, call.args, grammar);
    const target = operands.at(-1);
    const isRemote = ({ shape }: Argument): boolean => /^[^/]*:/.test(shape) || shape.includes('::');
    let secret = false;
    for (const source of operands.slice(0, -1))
      if (!isRemote(source)) secret = readsPath(call, source, 'tree') || secret;
    if (!target) return DATA;
    if (isRemote(target)) sends(call, target.source, secret);
    else {
      writesPath(call, target, 'append');
      note(call, 'change', `copies to ${target.source}`);
    }
    return DATA;
  };

/** Anything may come in or go out. */
const raw: Handler = call => {
  const text = call.args.map(({ source }) => source).join(' ');
  const runs = /(^|\s)(-[a-zA-Z]*[ec]|--exec|--sh-exec)(\s|=|$)|EXEC:|SYSTEM:/.test(text);
  call.ledger.effect('network', text);
  if (runs) note(call, 'forbidden', 'gives a program to the network', 'remote-code');
  else if (call.stdin.secret) sends(call, text, true);
  else if (
    call.name === 'nc' &&
    call.args.every(({ text: one }) => one !== null && /^(-[zvnuw46]+|\d+|[A-Za-z0-9.:-]+)$/.test(one)) &&
    /(^|\s)-[a-z]*z/.test(text)
  )
    return DATA;
  else note(call, 'unknown', `${call.name} connects to another machine`);
  return { ...DATA, remote: true };
};

const TCPDUMP = grammarOf(
  '-denNOpqStuvKlLDHIJbf#h -i= -c= -s= -B= -Q= -y= -W= -C= -G= -j= -r=< -F=< -w=> --count --interface= --list-interfaces --number --snapshot-length= --immediate-mode -A!u -X!u -x!u -z!u -Z!u',
);

/** Headers that pass by; what they carry may be a password. */
const tcpdump: Handler = call => {
  applyOptions(call, call.args, TCPDUMP);
  return { ...DATA, remote: true };
};

const resolves: Handler = call => {
  for (const argument of call.args) {
    if (/^-[fk]/.test(argument.shape))
      note(
        call,
        'unknown',
        `${call.name}: what \`${argument.source}\` does is not known`,
        undefined,
        argument.source,
      );
    if (argument.stream.secret) sends(call, 'a name server', true);
    else if (argument.text === null)
      note(
        call,
        'change',
        'asks the network for a name that is known only when it runs',
        undefined,
        argument.source,
      );
  }
  return DATA;
};

const OPENSSL_READS = new Set([
  'x509',
  's_client',
  'verify',
  'version',
  'dgst',
  'crl',
  'req',
  'ciphers',
  'asn1parse',
  'rand',
  'speed',
  'sha256',
  'md5',
  'storeutl-none',
]);
const OPENSSL_FLAG =
  /^-(noout|enddate|startdate|dates|subject|issuer|text|fingerprint|serial|checkend|sha256|sha1|md5|in|inform|connect|servername|showcerts|brief|CAfile|CApath|untrusted|purpose|ext|hash|modulus|email|verify|hex|base64|a|v|quiet|starttls|tls1_2|tls1_3|alpn|status|nameopt|issuer_hash|subject_hash|pubkey|ocsp_uri)$/;

const openssl: Handler = call => {
  const [word, ...args] = call.args;
  const known = word?.text !== undefined && word.text !== null && OPENSSL_READS.has(word.text);
  let secret = false;
  for (const [place, argument] of args.entries()) {
    const before = args[place - 1]?.text;
    if (before === '-in' || (!argument.shape.startsWith('-') && argument.shape.includes('/')))
      secret = readsPath(call, argument) || secret;
    else if (argument.shape.startsWith('-') && !OPENSSL_FLAG.test(argument.shape))
      note(
        call,
        'unknown',
        `openssl: what \`${argument.source}\` does is not known`,
        undefined,
        argument.source,
      );
  }
  if (!known) note(call, 'unknown', `what openssl ${word?.source ?? ''} does is not known`);
  if (word?.text === 's_client') {
    if (call.stdin.secret) sends(call, 'another machine', true);
    else if (!call.stdin.empty && call.stdin.text === null) return { ...mixed(call, secret), remote: true };
  }
  return mixed(call, secret, word?.text === 's_client');
};

const gpg: Handler = call => {
  note(call, 'unknown', 'gpg may show or change keys', 'secret-disclosure');
  return mixed(call, true);
};

export const NETWORK: Readonly<Record<string, Handler>> = {
  curl,
  wget,
  ssh,
  scp: copies(SCP),
  rsync: copies(RSYNC),
  sftp: raw,
  ftp: raw,
  nc: raw,
  ncat: raw,
  netcat: raw,
  socat: raw,
  telnet: raw,
  tcpdump,
  dig: resolves,
  host: resolves,
  nslookup: resolves,
  openssl,
  gpg,
  gpg2: gpg,
};
