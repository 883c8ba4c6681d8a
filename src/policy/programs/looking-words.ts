import { type Call, DATA, type Handler, note } from '../call.ts';

const LONGEST_WORDS = 1000;
const VERSION = '-v|-V|--version|--help';

/** Programs that start a server or change something, but for these words: then they look. The words joined by blanks. */
const LOOKING: readonly (readonly [names: string, words: string])[] = [
  ['apachectl apache2ctl', `-[tSMlLvV]|-t -D [A-Z_]+|configtest|status|fullstatus|${VERSION}`],
  ['httpd apache2', `-[tSMlLvV]|-t -D [A-Z_]+|${VERSION}`],
  ['haproxy', String.raw`-vv|-c( -[qV])*( -f \S+)+( -[qV])*|${VERSION}`],
  ['visudo', String.raw`(-[qs] )*(-c|--check)( -[qs])*( -f \S+)?|-[qs]*cf \S+|${VERSION}`],
  ['postconf', String.raw`(-[dhnpvxfmlaAMP]+( |$))*([\w-]+( |$))*`],
  ['doveconf', String.raw`-[nNam]( [\w/-]+)*`],
  ['exim exim4', '-b(p|pc|pr|pru|V)'],
  ['hwclock', '-r|--show|--verbose --show|--version'],
  ['man', String.raw`-[kf]( [\w.-]+)+|--version`],
  ['numactl', `-H|-s|--hardware|--show|${VERSION}`],
  ['caddy', String.raw`version|list-modules|validate( --config \S+)?`],
  ['php-fpm', `-t|-tt|-m|${VERSION}`],
  ['dnsmasq', `--test|${VERSION}`],
  ['ssh-keygen', String.raw`-l[vf]*( -E \w+)?( -f)? \S+|-L -f \S+|-F \S+( -f \S+)?`],
  ['vault consul nomad', 'version|status|members'],
  ['htop btop atop glances', VERSION],
  [
    'mongosh mongo flux argocd istioctl eksctl gcloud az aws pulumi packer minikube kind vagrant cargo rustc gcc go',
    `version|${VERSION}`,
  ],
  ['tc', String.raw`(-[sdjpn]+ )*(qdisc|class|filter|chain)( (show|list|ls)( [\w:.]+)*)?`],
  ['bridge', String.raw`(-[sdjcp]+ )*(link|fdb|mdb|vlan|vni)( (show|list)( [\w:.]+)*)?`],
  ['arp', String.raw`-?[aenv]+( -i \w+)?( [\w.:-]+)?`],
  ['route', '(-[46neFCv]+( |$))*'],
  ['iw', String.raw`dev|list|reg get|phy|dev \w+ (info|link|station dump|scan dump)`],
  ['debsums', '-[aceslx]+'],
  ['needrestart', String.raw`-[bklwp]+( -r l)?`],
  ['pacman', String.raw`-(Q[a-z]*|Si|Ss|F[a-z]*)( [\w.+-]+)*`],
  ['aptitude', String.raw`(search|show|why|why-not|versions)( \S+)+`],
  ['apt-file', String.raw`(search|find|list|show)( \S+)+`],
  [
    'rabbitmq-diagnostics',
    String.raw`(-q )?(status|ping|check_\w+|memory_breakdown|listeners|alarms|cluster_status|server_version)`,
  ],
  ['gunicorn uvicorn celery puma mysqld mariadbd mongod postgres redis-server memcached', VERSION],
  ['prometheus node_exporter grafana-server grafana-cli traefik envoy squid varnishd', VERSION],
];

const look =
  (looks: RegExp): Handler =>
  call => {
    const words = call.args.map(({ text }) => text ?? '\uE000').join(' ');
    if (words.length > LONGEST_WORDS || !looks.test(words)) strange(call);
    return DATA;
  };

function strange(call: Call): void {
  call.ledger.effect('runs', call.name);
  note(call, 'unknown', `what ${call.name} does with these words is not known`);
}

export const LOOKING_WORDS: Readonly<Record<string, Handler>> = Object.fromEntries(
  LOOKING.flatMap(([names, words]) => {
    const handler = look(new RegExp(`^(?:${words})$`));
    return names.split(' ').map(name => [name, handler]);
  }),
);
