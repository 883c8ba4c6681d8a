/**
 * Words with one meaning. A row is a concept; its words are synonyms in both languages, compared by
 * stem. Words of different actions never share a row: `restart` is not `start`, `remove` is not
 * `clean`. A word in no row and no list stands for itself.
 */
export const CONCEPTS: Readonly<Record<string, string>> = {
  // verbs
  install:
    'install setup установи установить устанавливай поставь поставьте поставить ставь разверни развернуть установлен установлена установлено инсталлируй инсталлировать',
  create: 'create add make создай создать создавай добавь добавить заведи завести сделай сделать',
  serve:
    'serve отдается раздается publish publishing display раздавай раздать отдавай отдавать отдать опубликуй опубликовать размести разместить публикуй',
  show: 'show покажи показать выведи вывести показывай показывающую',
  keep: 'keep держи держать поддерживай поддерживать',
  ensure: 'ensure обеспечь обеспечить гарантируй убедись',
  start: 'start запусти запустить стартуй',
  enable: 'enable включи включить',
  stop: 'stop halt останови остановить остановлен остановлена',
  restart: 'restart перезапусти перезапустить рестартни',
  remove:
    'remove delete uninstall purge drop erase удали удалить удаляй снеси снести убери убрать деинсталлируй',
  free: 'free reclaim освободи освободить освобождай',
  cleanup: 'cleanup tidy почисти почистить очисти очистить прочисти подчисти',
  set: 'set change switch configure настрой настроить задай задать смени сменить измени изменить выставь выставить поменяй поменять установка',
  open: 'open открой открыть',
  close: 'close закрой закрыть',
  allow:
    'allow permit разреши разрешить разрешая пускай пускать пропускай пропускает разрешает пускает allowing',
  block: 'block deny forbid запрети запретить заблокируй заблокировать блокируй',
  protect: 'protect защити защитить',
  run: 'run execute запускай запускать выполняй выполнять исполняй',
  schedule: 'schedule запланируй запланировать расписание расписанию',
  diagnose:
    'diagnose diagnosis diagnostics диагностика диагностику диагностируй продиагностируй диагностировать',
  check: 'check inspect examine проверь проверить осмотри осмотреть посмотри посмотреть',
  give: 'give grant дай дать выдай выдать предоставь',
  rotate: 'rotate ротация ротируй',
  upgrade: 'upgrade update updates обнови обновить обновления обновление обновляй',
  reboot: 'reboot перезагрузи перезагрузить ребутни',
  disable: 'disable отключи отключить выключи выключить деактивируй',
  backup: 'backup backups бэкап бекап забэкапь',
  restore: 'restore восстанови восстановить откати откатить',
  repair: 'repair fix mend почини починить исправь исправить',
  move: 'move migrate перенеси перенести мигрируй переезд',
  // things
  package: 'package пакет пакеты',
  program: 'program tool utility программа программу утилита утилиту',
  page: 'page webpage страница страницу страничка страничку',
  site: 'site website сайт сайтик',
  web: 'web веб',
  static: 'static статическую статичную статический статика',
  text: 'text текст текстом надпись надписью',
  content: 'content содержимое содержимым contents',
  postgresql: 'postgresql postgres постгрес постгреса постгресом pg',
  database: 'database базу база базы бд',
  role: 'role роль роли ролью',
  owner: 'owner owned владелец владельцем',
  user: 'user account пользователь пользователя пользователю пользователем учётку аккаунт юзер юзера',
  key: 'key ключ ключом ключа',
  public: 'public публичный публичным открытый открытым',
  sudo: 'sudo судо',
  rights: 'rights privileges права правами',
  service: 'service daemon сервис сервиса службу служба службы демон',
  unit: 'unit юнит',
  running:
    'running запущен запущена запущенным запущенной запущенный работающим работающей работал работала работает работать',
  enabled: 'enabled включён включена включённым автозапуск автозапуске автозапуска',
  boot: 'boot startup загрузке загрузки старте',
  disk: 'disk диск диска диске',
  space: 'space room место места',
  storage: 'storage хранилище',
  timezone: 'timezone tz таймзону таймзона часовой пояс',
  hostname: 'hostname хостнейм имя',
  firewall: 'firewall файрвол фаервол брандмауэр файервол межсетевой экран nftables',
  port: 'port порт порту порты портам портов',
  ports: 'ports',
  ssh: 'ssh',
  job: 'job task задачу задача задание',
  cron: 'cron крон кроне',
  timer: 'timer таймер',
  script: 'script скрипт',
  command: 'command команду команда',
  health: 'health здоровье самочувствие',
  state: 'state status condition состояние состоянии состояния статус',
  problem: 'problem problems trouble проблема проблемы проблему',
  slow: 'slow sluggish тормозит медленно медленный тормоза',
  wrong: 'wrong неладно',
  report: 'report отчёт сводку сводка overview',
  python: 'python python3 питон питону питона',
  log: 'log logs журнал журналы лог логи',
};

/** Words that mean nothing here, so that leaving them uncovered changes nothing. */
export const FILLERS =
  'a an the this that it its is be please kindly now me my our i you we us lets for on in at to of with by and as ' +
  'want need needs should must would like host server machine box system vps up also just ' +
  'пожалуйста мне нам я мы на в во с со и это этот эта эту этой этом этим этого этому тут здесь сейчас хочу надо нужно нужен нужна бы ' +
  'хост хоста хосту хостом хосте сервер сервере сервера серверу сервером машина машине машину систему система системе для к по мой моём моем просто давай чтобы чтоб пусть должен должна должно должны будет буду был была было';

/** Words that turn a request around. Never covered, except by a runbook's own phrases or patterns. */
export const NEGATIONS =
  'not no never without except instead unless nor neither stop only ' +
  'не без никогда кроме вместо нельзя ни нет только';

/** What is said after `install` and is no package. */
export const NOT_PACKAGES =
  'everything anything something all it them this that software programs packages package updates update upgrade upgrades ' +
  'security latest newest new old driver drivers kernel os windows ubuntu debian linux monitoring certificate certificates ' +
  'ssl tls https backup backups database db firewall server servers service services website site page app application ' +
  'tools stuff dependencies extension extensions plugin plugins module modules theme patch patches key keys script scripts ' +
  'file files from with without and or on for to in via using again also only please some any my our a an the me us here there';

/** Words that name no single thing: never the name of a package, an account, a service or a host. */
export const PRONOUNS =
  'nothing none nobody everything everybody anything something all any some each every it them this that these those ' +
  'ничего никто все всех всё что-нибудь его ее её их';

/** Several words that are one; replaced before words are looked up. */
export const COMPOUNDS: readonly (readonly [RegExp, string])[] = [
  [/\bset(?:ting)?\s+up\b/giu, 'setup'],
  [/\bmake\s+sure\b/giu, 'ensure'],
  [/\bget\s+rid\s+of\b/giu, 'remove'],
  [/\bfree\s+up\b/giu, 'free'],
  [/\bput\s+up\b/giu, 'publish'],
  [/\bclean\s+up\b/giu, 'cleanup'],
  [/\btime\s*-?\s*zone\b/giu, 'timezone'],
  [/\bhost\s+name\b/giu, 'hostname'],
  [/\bhost\s+(?=an?\s)/giu, 'serve '],
  [/\bweb[\s-]+page\b/giu, 'page'],
  [/веб-(?=страни|сайт)/giu, ''],
  [/\bweb[\s-]+site\b/giu, 'site'],
  [/\bn['’]t\b/giu, ' not'],
  [/n['’]t(?![\p{L}])/giu, ' not'],
  [/['’]s(?![\p{L}])/giu, ' '],
];

/** `can you X?` asks for X; every other question mark asks for an answer, not for an action. */
export const POLITE_QUESTION =
  /^\s*(?:(?:can|could|would|will)\s+you|можешь|можете|не\s+мог\s+бы\s+ты)\s+(.*?)\?\s*$/isu;

/** Words that begin a second thought: unquoted text that holds one of them is no value. */
export const JOINTS =
  'and or then but after before also instead afterwards while until if when ' +
  'и или затем потом но а после также перед пока если когда';

/** Words after which a text goes on about something else: unquoted text that holds one is no value. */
export const PREPOSITIONS =
  'on over at via using with from to in for by as through under into off of about ' +
  'на над через по с со из для от под в во к ко у о об при за';

/** Said for politeness between commas, where it would part a verb from its object. */
export const COURTESY = /\s*,\s*(?:please|пожалуйста)\s*(?:,|(?=[.!]?\s*$))/giu;
