import { beforeEach, describe, expect, it } from 'vitest';
import { createOutput, type OutputFormat } from '../../src/terminal/output.ts';

let [stdout, stderr] = ['', ''];
beforeEach(() => {
  [stdout, stderr] = ['', ''];
});

function output(format: OutputFormat) {
  return createOutput(format, {
    stdout: { write: (text) => (stdout += String(text)) },
    stderr: { write: (text) => (stderr += text) },
  });
}

const ROWS = [
  { name: 'a', isAdmin: true, teams: ['x', 'y'], id: 1 },
  { name: 'long-name', isAdmin: false, teams: [], id: 2 },
];

describe('a table', () => {
  it('aligns the asked columns and wraps nothing', () => {
    output('table').rows(ROWS, ['name', 'isAdmin', 'teams']);
    expect(stdout).toBe(
      [
        'NAME       IS ADMIN  TEAMS',
        'a          yes       x, y',
        'long-name  no        -',
        '',
      ].join('\n'),
    );
  });

  it('has sizes with their unit', () => {
    output('table').record({ bytes: 46_029_184, bytesPerSecond: 20_971_520, blobs: 3 });
    expect(stdout).toBe('SIZE       43.9 MiB\nBANDWIDTH  20.0 MiB/s\nBLOBS      3\n');
  });

  it('shows its heading when there is nothing', () => {
    output('table').rows([], ['name']);
    expect(stdout).toBe('NAME\n');
  });

  it('shows who has what', () => {
    output('table').record({ members: { alice: 'owner', bob: 'viewer' }, teams: {} });
    expect(stdout).toBe('MEMBERS  alice (owner), bob (viewer)\nTEAMS    -\n');
  });

  it('lets no value move the cursor', () => {
    output('table').record({ name: 'a\u001b[2Jb\nc' });
    expect(stdout).toBe('NAME  a\u{fffd}[2Jb\u{fffd}c\n');
  });
});

describe('a table that a terminal may be too narrow for', () => {
  const TABLE = 'NAME       TEAMS\na          x, y\nlong-name  -\n';

  it.each([
    ['of 16 columns fits', true, 16, TABLE],
    ['of 15 columns gets something else', true, 15, 'in 15\nb\u{fffd}c\n'],
    ['that does not say has 80 columns', true, undefined, TABLE],
    ['that says 0 has 80 columns', true, 0, TABLE],
    ['is none, and nothing is too wide', false, 15, TABLE],
  ])('a terminal that %s', (text, isTTY, columns, expected) => {
    const write = (data: string | Uint8Array) => (stdout += String(data));
    const streams = { stdout: { write, isTTY, columns }, stderr: { write: () => undefined } };
    const watched = createOutput('table', streams);
    watched.rows(ROWS, ['name', 'teams'], (width) => `in ${width}\nb\u001bc\n`);
    expect(stdout).toBe(expected);
    stdout = '';
    watched.rows(ROWS, ['name', 'teams']);
    expect(stdout, text).toBe(TABLE);
  });
});

describe('what is done', () => {
  it.each([
    ['table', '', 'It is gone.\n'],
    ['json', '{\n  "name": "a"\n}\n', ''],
  ] as const)('is told as %s', (format, data, sentence) => {
    output(format).done({ name: 'a' }, 'It is gone.');
    expect([stdout, stderr]).toEqual([data, sentence]);
  });
});

describe('what is no text', () => {
  it('goes to another program as it is, and to no terminal', () => {
    const written: (string | Uint8Array)[] = [];
    const silent = { write: () => undefined };
    const write = (data: string | Uint8Array) => written.push(data);
    const bytes = Buffer.from([0, 0xff]);
    createOutput('json', { stdout: { write }, stderr: silent }).bytes(bytes);
    expect(written).toEqual([bytes]);
    const watched = createOutput('table', { stdout: { write, isTTY: true }, stderr: silent });
    expect(() => watched.bytes(bytes)).toThrow(/not for a terminal/);
    expect(written).toHaveLength(1);
  });
});

describe('JSON', () => {
  it('has all keys of all rows', () => {
    output('json').rows(ROWS, ['name']);
    expect(JSON.parse(stdout)).toEqual(ROWS);
  });

  it('is an empty list when there is nothing', () => {
    output('json').rows([], ['name']);
    expect(JSON.parse(stdout)).toEqual([]);
  });

  it('has sizes as numbers', () => {
    output('json').record({ bytes: 46_029_184 });
    expect(JSON.parse(stdout)).toEqual({ bytes: 46_029_184 });
  });

  it('is one object for one thing', () => {
    output('json').record({ name: 'a' });
    expect(JSON.parse(stdout)).toEqual({ name: 'a' });
  });
});

it.each(['table', 'json'] as const)('keeps sentences out of the data as %s', (format) => {
  output(format).note('done');
  output(format).text('-----BEGIN');
  expect([stdout, stderr]).toEqual(['-----BEGIN\n', 'done\n']);
});

describe('a note', () => {
  it('goes to stderr, and lets no name move the cursor', () => {
    output('json').note('failed: /media/\u001b[2J:1\nagain');
    expect(stdout).toBe('');
    expect(stderr).toBe('failed: /media/\u{fffd}[2J:1\nagain\n');
  });
});

describe('one thing that has others', () => {
  const PART = { key: 'parts', rows: ROWS, columns: ['name'] };

  it('is two tables', () => {
    output('table').recordWithRows({ id: 7 }, PART);
    expect(stdout).toBe('ID  7\n\nNAME\na\nlong-name\n');
  });

  it('is one document of JSON, with all keys', () => {
    output('json').recordWithRows({ id: 7 }, PART);
    expect(JSON.parse(stdout)).toEqual({ id: 7, parts: ROWS });
  });
});

it('lets no value of JSON move the cursor, and changes none', () => {
  const record = { name: 'a\u009b2J\u007fb\u001bc', '\u0080': 'ü' };
  output('json').record(record);
  // oxlint-disable-next-line no-control-regex -- control characters are what it is about
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  expect(JSON.parse(stdout)).toEqual(record);
});
