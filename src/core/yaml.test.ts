import { describe, expect, it } from 'vitest';
import { parseYaml, readYaml } from './yaml.ts';

describe('yaml', () => {
  it('reads plain data and finds the line of a field', () => {
    const yaml = readYaml('a: 1\nb:\n  - c: x\n  - c: y\n', 'f.yaml', 'settings.invalid');
    expect(yaml.value).toEqual({ a: 1, b: [{ c: 'x' }, { c: 'y' }] });
    expect(yaml.lineOf(['b', 1, 'c'])).toBe(4);
    expect(yaml.lineOf(['b', 1, 'missing'])).toBe(4);
    expect(yaml.lineOf(['nothing'])).toBe(1);
  });

  it('names file and line of a fault', () => {
    expect(() => parseYaml('a: 1\na: 2\n', 'f.yaml', 'runbook.invalid')).toThrow(/^f\.yaml:2: /);
    expect(() => parseYaml('a: [1\nb: 2', 'f.yaml', 'runbook.invalid')).toThrow(/^f\.yaml:\d: /);
    expect(() => parseYaml('a: !ruby/object x\n', 'f.yaml', 'runbook.invalid')).toThrow(/^f\.yaml:1: /);
  });

  it('refuses aliases that grow without bound', () => {
    const bomb = `a: &a [${'x,'.repeat(40)}]\nb: &b [${'*a,'.repeat(40)}]\nc: [${'*b,'.repeat(40)}]\n`;
    expect(() => parseYaml(bomb, 'bomb.yaml', 'settings.invalid')).toThrow(/bomb\.yaml/);
  });
});
