import { type Argument, type Call, DATA, type Handler, note } from '../call.ts';
import { grammarOf, readOptions } from '../option-grammar.ts';
import { isPillar } from '../paths/places.ts';
import { readsPath, writesPath } from '../paths/touch.ts';
import { applyOptions, judgeByTable, mixed, tableOf } from './table-reader.ts';
import { SERVICES } from './services.ts';

const DOCKER = tableOf(`
docker | r | words | -D -H=!u -c=!u -l= --context=!u --host=!u --config=!u --log-level=
docker logs,docker top,docker port | R | text | -tfn= --tail= --follow?= --since= --until= --timestamps --details
docker ps,docker images,docker stats,docker version,docker info,docker history,docker search,docker diff,docker events | r | text | -aqlsnft -f= -n= --all --format= --filter= --no-trunc --quiet --latest --size --tail= --follow --since= --until= --timestamps --no-stream --digests --last= --limit=
docker manifest,docker scout | r | words | 
docker manifest inspect,docker scout quickview,docker scout cves | r | text | 
docker inspect | r | text | -f= -s --format= --type= --size
docker container,docker image,docker volume,docker network,docker system,docker context,docker node,docker service,docker stack,docker builder,docker buildx,docker plugin | r | words | 
docker container ls,docker container list,docker container logs,docker container stats,docker container top,docker image ls,docker image list,docker image history,docker volume ls,docker volume inspect,docker network ls,docker network inspect,docker system df,docker system info,docker system events,docker context ls,docker node ls,docker service ls,docker service ps,docker service logs,docker stack ls,docker stack ps,docker stack services,docker image inspect,docker builder du,docker plugin ls,docker buildx ls | r | text | -aqvf -f= -n= --all --format= --filter= --no-trunc --quiet --tail= --follow --since= --timestamps --no-stream --verbose --digests
docker pull,docker image pull | c@container | text | -aq --platform= --quiet --all-tags
docker start,docker restart,docker unpause,docker container start,docker container restart,docker tag,docker rename,docker volume create,docker network create,docker network connect,docker wait,docker load,docker import,docker image tag,docker service scale,docker service update | c@container | text | -t= -s= --time= --signal= --driver= --subnet= -d= --label= --image= --force --detach
docker build,docker buildx build,docker image build | c@container | text | -q -t= -f=< --tag= --file=< --build-arg= --no-cache --pull --target= --platform= --progress= --load --label= --network= --cache-from= --cache-to=
docker push,docker commit,docker save,docker export,docker login,docker logout,docker swarm,docker update,docker attach | u | text | 
docker stop,docker pause,docker container stop,docker network disconnect | c@container | text | -t= -s= --time= --signal= --timeout=
docker kill,docker container kill | d+service-loss@container | text | -s= --signal=
docker rm,docker rmi,docker container rm,docker image rm,docker image prune,docker container prune,docker network rm,docker network prune,docker builder prune | d+service-loss@container | text | -fvla --force --volumes --all --filter=
docker volume rm,docker volume prune,docker system prune,docker stack rm,docker service rm | d+data-loss@container | text | -faf --force --all --volumes --filter=
docker compose,docker-compose | r | words | -f=< -p= --file=< --project-name= --project-directory= --env-file=< --profile= --ansi= --progress= --compatibility
docker compose ps,docker compose logs,docker compose images,docker compose top,docker compose ls,docker compose version,docker compose port,docker compose events,docker-compose ps,docker-compose logs,docker-compose images,docker-compose top,docker-compose version,docker compose stats,docker compose volumes | r | text | -aqfnt --all --quiet --tail= --follow --since= --until= --timestamps --services --status= --format= --no-color --no-log-prefix --filter= --no-stream --short
docker compose up,docker compose start,docker compose restart,docker compose pull,docker compose build,docker compose create,docker compose unpause,docker compose stop,docker compose pause,docker-compose up,docker-compose start,docker-compose restart,docker-compose pull,docker-compose build,docker-compose stop,docker compose scale,docker compose watch | c@container | text | -dqt= -t= --detach --build --force-recreate --no-deps --remove-orphans --no-recreate --pull= --quiet-pull --wait --timeout= --quiet --scale= --no-build --no-cache --ignore-pull-failures --parallel= --renew-anon-volumes!d -V!d --wait-timeout=
docker compose down,docker-compose down,docker compose kill,docker-compose kill,docker compose rm,docker-compose rm | d+service-loss@container | text | -fsvt= --volumes!d --remove-orphans --rmi= --timeout= --force --stop --signal=
docker compose config,docker-compose config | d+secret-disclosure | text | -q --services --quiet
docker pod | r | words | 
docker pod ps,docker pod ls,docker pod list,docker pod top,docker pod stats,docker pod logs | r | text | -aq --format= --filter= --no-trunc --no-stream --tail=
`);

const EXEC = grammarOf(
  '-ditTe= -u= -w= --interactive --tty --detach --user= --workdir= --env= --env-file=< --privileged!d --index= --no-TTY --detach-keys=',
);
const RUN = grammarOf(
  '-ditPqe= -v= -p= -u= -w= -l= -h= -m= -c= --rm --interactive --tty --detach --name= --env= --env-file=< --volume= --mount= --publish= --publish-all --user= --workdir= --network= --net= --restart= --label= --hostname= --memory= --cpus= --entrypoint=!u --read-only --init --pull= --platform= --log-driver= --log-opt= --health-cmd= --tmpfs= --add-host= --dns= --shm-size= --ulimit= --gpus= --quiet --stop-timeout= --memory-swap= --cpu-shares= --no-healthcheck --cap-drop= --privileged!d --pid=!d --ipc=!d --uts=!d --userns=!d --cap-add=!d --device=!d --security-opt=!d --volumes-from=!d --cgroupns=!d --service-ports --no-deps',
);

/** Of a form: variables, or everything. */
const SHOWS_ENVIRONMENT = /\{\{.*(Env|\.Spec|\.Config(?!\.)|\.Args)|\{\{[^}]*[\s{(|]\.\s*[|)}]/;

const docker: Handler = call => {
  const first = readOptions(
    call.args,
    DOCKER.get(call.name)?.grammar ?? DOCKER.get('docker')?.grammar ?? new Map(),
    true,
  );
  const [word, ...rest] = first.operands;
  const compose = call.name === 'docker-compose' || word?.text === 'compose';
  if (compose) return dockerCompose(call, call.name === 'docker-compose' ? call.args : rest);
  const inner = word?.text === 'container' ? rest[0] : word;
  const args = word?.text === 'container' ? rest.slice(1) : rest;
  if (inner?.text === 'exec') return exec(call, args);
  if (inner?.text === 'run' || inner?.text === 'create') return run(call, args);
  if (inner?.text === 'build' && args.some(({ shape }) => /^(https?|git|ssh):|^git@/.test(shape)))
    note(call, 'unknown', 'builds what another machine sends', 'remote-code');
  if (inner?.text === 'cp') return copy(call, args);
  if (inner?.text === 'inspect' && !args.some(({ text }) => text !== null && /^(-f|--format)/.test(text)))
    note(call, 'destructive', 'shows the environment of a container', 'secret-disclosure');
  const isForm = (place: number): boolean => /^(-f|--format)$/.test(args[place - 1]?.text ?? '');
  if (inner?.text === 'inspect' && args.some(({ text }, place) => text === null && isForm(place)))
    note(call, 'unknown', 'shows what is known only when it runs', 'secret-disclosure');
  if (args.some(({ shape }) => SHOWS_ENVIRONMENT.test(shape)))
    note(call, 'destructive', 'shows the environment of a container', 'secret-disclosure');
  return judgeByTable({ ...call, name: 'docker' }, DOCKER) || DATA;
};

const COMPOSE_NAMES = /^(--services|--images|--volumes|--networks|--profiles|--quiet|-q|--hash=.*)$/;

function dockerCompose(call: Call, args: readonly Argument[]) {
  const grammar = DOCKER.get('docker compose')?.grammar ?? new Map();
  const { operands } = readOptions(args, grammar, true);
  const [word, ...rest] = operands;
  if (word?.text === 'exec') return exec(call, rest);
  if (word?.text === 'run') return run(call, rest);
  // names alone, without the values that are filled in
  const names = rest.some(({ text }) => COMPOSE_NAMES.test(text ?? ''));
  if (word?.text === 'config' && names && rest.every(({ text }) => text?.startsWith('-'))) return DATA;
  return judgeByTable({ ...call, name: 'docker-compose', args }, aliased) || DATA;
}

/** `docker compose X` under the name `docker-compose X`. */
const aliased = new Map(
  [...DOCKER]
    .filter(([name]) => name.startsWith('docker compose') || name.startsWith('docker-compose'))
    .map(([name, row]) => [name.replace('docker compose', 'docker-compose'), row]),
);

/** The words after the container are a command inside it. */
const exec = (call: Call, args: readonly Argument[]) => {
  const { operands } = applyOptions(call, args, EXEC, true);
  const [container, ...command] = operands;
  call.ledger.effect('container', container?.text ?? '?');
  if (command.length === 0) return DATA;
  return call.judgeArguments(command, call.stdin, {
    ...call.scope,
    folders: new Set(['/']),
    made: new Set(),
  });
};

const run = (call: Call, args: readonly Argument[]) => {
  const { options, operands } = applyOptions(call, args, RUN, true);
  const [image, ...command] = operands;
  call.ledger.effect('container', image?.text ?? '?');
  note(call, 'change', `starts a container of ${image?.source ?? ''}`);
  for (const { name, value } of options) {
    const mount =
      name === '-v' || name === '--volume'
        ? value?.shape.split(':')[0]
        : name === '--mount'
          ? /(?:src|source)=([^,]*)/.exec(value?.shape ?? '')?.[1]
          : undefined;
    const isHost = (name === '--network' || name === '--net') && value?.text === 'host';
    if (isHost) note(call, 'destructive', 'a container in the network of the host');
    if (mount === undefined || !/^[/.\uE000]/.test(mount)) continue;
    const whole =
      mount.includes('\uE000') ||
      isPillar(mount.replace(/(.)\/$/, '$1')) ||
      /\.sock$|^\/(dev|proc|sys)(\/|$)/.test(mount);
    if (whole)
      note(
        call,
        'destructive',
        `gives ${mount.replaceAll('\uE000', '?')} of the host to a container`,
        'privilege-gain',
        value?.source,
      );
    else writesPath(call, { shape: mount, source: value?.source ?? '' }, 'append');
  }
  if (command.length > 0 && image)
    call.judgeArguments(command, DATA, { ...call.scope, folders: new Set(['/']), made: new Set() });
  return DATA;
};

function copy(call: Call, args: readonly Argument[]) {
  const { operands } = applyOptions(call, args, grammarOf('-aLq --archive --follow-link --quiet'));
  const [from, to] = operands;
  const inside = (argument: Argument | undefined): boolean => argument?.shape.includes(':') === true;
  let secret = false;
  if (from)
    secret = readsPath(
      call,
      inside(from) ? { ...from, shape: from.shape.replace(/^[^:]*:/, '') } : from,
      'tree',
    );
  if (to && !inside(to) && to.text !== '-') writesPath(call, to, 'append');
  note(call, 'change', 'copies between host and container');
  return mixed(call, secret);
}

/** Secrets of a cluster, and commands inside its containers. */
const kubectl: Handler = call => {
  const texts = call.args.map(({ text }) => text ?? '');
  const secrets = texts.some(
    text => /^secrets?(\/|$|,)|,secrets?(,|$)|^all$/.test(text) && !/^all$/.test(text),
  );
  if (secrets) note(call, 'destructive', 'shows secrets of the cluster', 'secret-disclosure');
  if (texts.some(text => /^https?:/.test(text)))
    note(call, 'unknown', 'takes what another machine says', 'remote-code');
  if (texts.some(text => /^--replicas=0$/.test(text)))
    note(call, 'destructive', 'stops all of it', 'service-loss');
  const place = texts.indexOf('exec');
  if (place >= 0) {
    const end = call.args.findIndex(({ text }) => text === '--');
    const command = end < 0 ? [] : call.args.slice(end + 1);
    if (command.length === 0) note(call, 'unknown', 'runs a command in a container');
    else call.judgeArguments(command, call.stdin);
    return DATA;
  }
  return judgeByTable(call, SERVICES) || DATA;
};

export const CONTAINERS: Readonly<Record<string, Handler>> = {
  docker,
  podman: docker,
  'docker-compose': docker,
  nerdctl: docker,
  kubectl,
  k3s: call => {
    const [first, ...rest] = call.args;
    if (first?.text === 'kubectl') return kubectl({ ...call, name: 'kubectl', args: rest });
    note(call, 'unknown', 'k3s');
    return DATA;
  },
};
