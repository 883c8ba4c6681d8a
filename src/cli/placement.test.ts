import { describe, expect, test } from 'vitest';
import { placeCopy, placeDownloads, placeUploads } from './placement.ts';

const file = (path: string) => ({ path, type: 'file' }) as const;
const tree = (path: string) => ({ path, type: 'directory' }) as const;

describe('put', () => {
  test.each([
    // what rsync does with the same words
    [file('a.txt'), '/srv', '/srv'],
    [file('x/a.txt'), '/srv/', '/srv/a.txt'],
    [file('a.txt'), '.', 'a.txt'],
    [file('a.txt'), '..', '../a.txt'],
    [file('a.txt'), '/', '/a.txt'],
    [tree('site'), '/srv', '/srv/site'],
    [tree('site'), '.', 'site'],
    [tree('site/'), '/srv', '/srv'],
    [tree('site/'), '/srv/', '/srv'],
    [tree('site/'), '.', '.'],
    [tree('site/'), '/', '/'],
    [tree('.'), '/srv', '/srv'],
    [tree('..'), '/srv', '/srv'],
    [tree('site/.'), '/srv', '/srv'],
    [tree('/'), '/srv', '/srv'],
  ])('%j to %s', (source, target, name) => {
    expect(placeUploads([source], target)).toEqual([{ source: source.path, target: name }]);
  });

  test('several go into the target; two of one name are refused', () => {
    expect(placeUploads([file('a'), tree('d')], '/srv').map(each => each.target)).toEqual([
      '/srv/a',
      '/srv/d',
    ]);
    expect(() => placeUploads([file('x/a'), file('y/a')], '/srv')).toThrow("would both become '/srv/a'");
  });
});

describe('get', () => {
  const plain = { recursive: false, folder: false };
  const deep = { recursive: true, folder: false };
  test.each([
    ['/etc/hosts', 'h', plain, 'h'],
    ['/etc/hosts', 'h/', plain, 'h/hosts'],
    ['/etc/hosts', '.', plain, 'hosts'],
    ['/etc/hosts', 'h', { recursive: false, folder: true }, 'h/hosts'],
    ['/etc/nginx', 'c', deep, 'c/nginx'],
    ['/etc/nginx/', 'c', deep, 'c'],
    ['.', 'c', deep, 'c'],
    ['/etc/nginx/', '', { recursive: true, folder: true }, ''],
    ['/etc/nginx', '', { recursive: true, folder: true }, 'nginx'],
  ])('%s to %j', (source, target, how, name) => {
    expect(placeDownloads([source], target, how).map(each => each.target)).toEqual([name]);
  });

  test('several go into the target', () => {
    expect(placeDownloads(['/a', '/b'], 't', plain).map(each => each.target)).toEqual(['t/a', 't/b']);
  });
});

test('cp', () => {
  expect(placeCopy('/srv/a', '/b')).toBe('/b');
  expect(placeCopy('/srv/a', '/b/')).toBe('/b/a');
  expect(placeCopy('/srv/a', '.')).toBe('a');
  expect(placeCopy('/srv/a/', '/b/')).toBe('/b');
});
