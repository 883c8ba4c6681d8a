/** Commands that leave a trace on the host, so that it can be asked afterwards how often they ran. */

export function shortCommand(key: string, exitCode: number): string {
  return `echo ${key} >>/root/counter; echo done ${key}; exit ${exitCode}`;
}

/** Some megabytes over a while, a little on stderr; the host keeps a copy of both. */
export function longCommand(key: string, seconds: number): string {
  return [
    `echo ${key} >>/root/counter`,
    'turn=0',
    `while [ $turn -lt ${seconds * 5} ]; do`,
    `  seq $((turn * 3000)) $((turn * 3000 + 2999)) | tee -a /root/stdout-${key}`,
    `  echo "turn $turn" | tee -a /root/stderr-${key} >&2`,
    '  turn=$((turn + 1)); sleep 0.2',
    'done',
  ].join('\n');
}

/** A plan of three steps; its middle one counts how often it was carried out. */
export function agentPlan(key: string): object {
  return {
    intent: `make ${key}`,
    goal: `${key} is made`,
    steps: [
      {
        id: 'prepare',
        title: 'Prepare the folder',
        states: [
          { kind: 'directory', path: `/srv/${key}` },
          { kind: 'file', path: `/srv/${key}/page`, content: `${key}\n` },
        ],
      },
      {
        id: 'work',
        title: 'Do the work',
        dependsOn: ['prepare'],
        states: [
          {
            kind: 'command',
            title: 'Count',
            script: `echo ${key} >>/root/counter; sleep 2; touch /srv/${key}/made`,
            creates: `/srv/${key}/made`,
          },
        ],
      },
      {
        id: 'note',
        title: 'Write it down',
        dependsOn: ['work'],
        states: [{ kind: 'line', path: `/srv/${key}/page`, line: `made ${key}` }],
      },
    ],
    postconditions: [{ title: 'It is written down', script: `grep -qx 'made ${key}' /srv/${key}/page` }],
  };
}
