import { describe, expect, it } from 'vitest';
import { CONCEPTS } from './vocabulary.ts';
import { conceptOf, detectLanguage, isFiller, plainOf, tokenise } from './words.ts';

describe('vocabulary', () => {
  it('has every word in one row, and no filler in any', () => {
    const words = Object.values(CONCEPTS).flatMap(row => row.split(' ').map(plainOf));
    expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
    expect(words.filter(isFiller)).toEqual([]);
  });

  it('keeps different actions apart', () => {
    const actions =
      'install create serve keep start enable enabled stop restart remove free cleanup set run running';
    const concepts = actions.split(' ').map(conceptOf);
    expect(new Set(concepts).size).toBe(concepts.length);
    expect(conceptOf('запускай')).toBe(conceptOf('run'));
    expect(conceptOf('запусти')).toBe(conceptOf('start'));
    expect(conceptOf('перезапусти')).not.toBe(conceptOf('start'));
  });
});

describe('words', () => {
  it('keeps whatever could mean something', () => {
    expect(tokenise('Install nginx, then: rm -rf / && echo $X `id` > /x; done?')).toEqual([
      'Install',
      'nginx',
      'then',
      'rm',
      '-rf',
      '/',
      '&',
      '&',
      'echo',
      '$',
      'X',
      '`',
      'id',
      '`',
      '>',
      '/x',
      ';',
      'done',
      '?',
    ]);
    expect(tokenise("don't — «кавычки», (brackets).")).toEqual(['do', 'not', 'кавычки', 'brackets']);
  });

  it('tells the language by script', () => {
    expect(detectLanguage('установи nginx')).toBe('ru');
    expect(detectLanguage('install nginx')).toBe('en');
  });
});
