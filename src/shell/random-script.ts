/** Random shell scripts for the differential test. Names have only the letters q, x, z: no shell or system has them. */

/** A number in [0, 1); the same seed gives the same numbers (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** One script. It writes nowhere but to /dev/null and runs no program that exists. */
export function randomScript(random: () => number): string {
  const pick = (choices: readonly string[]): string => choices[Math.floor(random() * choices.length)] ?? '';
  const choose = (choices: readonly (() => string)[]): string =>
    choices[Math.floor(random() * choices.length)]?.() ?? '';
  const letters = (): string =>
    Array.from({ length: 2 + Math.floor(random() * 3) }, () => pick(['q', 'x', 'z'])).join('');

  const name = (): string => {
    const [first = 'q', ...rest] = letters();
    const tail = rest.join('');
    return pick([
      first + tail,
      first + tail,
      first + tail,
      first + tail,
      first + tail,
      `\\${first}${tail}`,
      `${first}''${tail}`,
      `"${first}"${tail}`,
      `'${first}${tail}'`,
      `${first}\\\n${tail}`,
      `$'${first}\\x7a${tail}'`,
      `"${first}\\\n${tail}"`,
      `${first}"\\${tail}"`,
      `${first}#${tail}`,
      `$${first}`,
      `{${first},${tail}}`,
    ]);
  };
  const word = (depth: number): string =>
    choose([
      () => letters(),
      () => `"${letters()} ${letters()}"`,
      () => `'${letters()};${letters()}'`,
      () => `"a\\"b $(${command(depth - 1)})"`,
      () => `$(${script(depth - 1)})`,
      () => `\`${command(depth - 1).replaceAll('`', '')}\``,
      () => `"\${v:-$(${command(depth - 1)})}"`,
      () => `\${v:=${letters()}}`,
      () => '$((1 + 2))',
      () => `<(${command(depth - 1)})`,
      () => '# no comment: a word',
      () => '\\#',
      () => '$v',
      () => '"$@"',
      () => '>/dev/null',
      () => '</dev/null',
      () => `v=${letters()}`,
    ]);
  const words = (depth: number): string =>
    Array.from({ length: Math.floor(random() * 3) }, () => word(depth)).join(' ');
  const simple = (depth: number): string =>
    `${pick(['', '', 'v=1 ', 'v=$(:) ', '! '])}${name()} ${words(depth)}`;
  const here = (depth: number): string => {
    const end = pick(['E', "'E'", '"E"', '\\E']);
    return `: <<${end}\n${words(depth)}\n$(${command(depth - 1)})\n\`${name()}\`\nE\n`;
  };
  function command(depth: number): string {
    if (depth <= 0) return simple(0);
    return choose([
      () => simple(depth),
      () => simple(depth),
      () => simple(depth),
      () => `(${script(depth - 1)})`,
      () => `{ ${script(depth - 1)}\n}`,
      () => `if ${simple(depth - 1)}\nthen ${script(depth - 1)}\nelse ${script(depth - 1)}\nfi`,
      () => `for v in a ${word(depth - 1)}\ndo ${script(depth - 1)}\ndone`,
      () => `case a in ${pick(['a', '*', '(a', 'b|a', '"a"', '\\a'])}) ${script(depth - 1)}\n;; esac`,
      () => `while false; do ${simple(depth - 1)}\ndone`,
      () => `f${letters()}() { ${script(depth - 1)}\n}`,
      () => `: <<< ${word(depth - 1)}`,
      () => `[[ a ]] && ${simple(depth - 1)}`,
      () => `eval '${simple(0).replaceAll("'", '')}'`,
    ]);
  }
  function script(depth: number): string {
    const parts = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
      random() < 0.12 ? `\n${here(depth)}` : command(depth),
    );
    return parts.reduce(
      (text, part) =>
        `${text}${text === '' ? '' : pick(['; ', ' && ', ' || ', '\n', ' | ', ' & ', ' # z\n'])}${part}`,
      '',
    );
  }
  return script(3);
}
