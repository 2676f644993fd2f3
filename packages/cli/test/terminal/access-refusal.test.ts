// What somebody reads whose command runs as a user that may not reach a file.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { explainRefusal } from '../../src/terminal/access-refusal.ts';
import { IS_ROOT, runUnprivileged, skipWhereUnreachable, WHO } from '../unprivileged-run.ts';

/** `open` may be entered and read, and only its owner, if anybody, writes there; `closed` is closed. */
function makePlaces(): string {
  const directory = mkdtempSync(join(tmpdir(), 'portolan-refused-'));
  const [open, closed] = [join(directory, 'open'), join(directory, 'closed')];
  mkdirSync(open);
  mkdirSync(closed);
  writeFileSync(join(open, 'secret'), 'x');
  chmodSync(join(open, 'secret'), 0o000);
  chmodSync(directory, 0o755);
  chmodSync(open, 0o555);
  chmodSync(closed, 0o000);
  onTestFinished(() => {
    for (const place of [open, closed]) chmodSync(place, 0o700);
    rmSync(directory, { recursive: true });
  });
  return directory;
}

function run(line: string, directory: string): string {
  const env = { PORTOLAN_DATA_DIR: join(directory, 'none') };
  return runUnprivileged(line, { cwd: join(directory, 'open'), env }).replaceAll(directory, '');
}

const LAN = '--registry https://registry.lan';

interface Row {
  readonly line: string;
  readonly said: string;
  readonly refused: string;
}

describe('a place that the user of the process cannot reach', () => {
  skipWhereUnreachable();

  it.each<Row>([
    {
      line: 'mirror apply ../closed/rules.yaml',
      said: 'cannot read /closed/rules.yaml',
      refused: 'enter /closed',
    },
    {
      line: `client config podman ${LAN} --ca secret`,
      said: 'cannot read /open/secret',
      refused: 'read /open/secret',
    },
    {
      line: 'upstream set quay.io --ca ../closed/both.crt',
      said: 'cannot read /closed/both.crt',
      refused: 'enter /closed',
    },
    {
      line: 'bundle keygen export.key',
      said: 'cannot write /open/export.key',
      refused: 'write to /open',
    },
    {
      line: 'bundle verify ../closed/usb',
      said: 'permission denied: /closed/usb/SHA256SUMS',
      refused: 'enter /closed',
    },
    {
      line: 'bundle export ../closed/usb --from localhost:1/a/b:c',
      said: 'permission denied: /closed/usb',
      refused: 'enter /closed',
    },
    {
      line: `client config podman ${LAN} --install machine`,
      said: 'cannot write /open/machine',
      refused: 'write to /open',
    },
  ])('is told whole, with the user and what to do: $line', ({ line, said, refused }) => {
    const lines = run(line, makePlaces()).split('\n');
    expect(lines).toContain(`error: ${said}`);
    expect(lines).toContain(`  ${WHO} may not ${refused}.`);
    const next = lines[lines.indexOf(`  ${WHO} may not ${refused}.`) + 1] ?? '';
    // Nobody is told to give it to whom it belongs, nor to become who they are.
    expect(next).toMatch(
      IS_ROOT ? /^ {2}Either (?:let it|give it) .*, or name / : /that user's own/,
    );
    expect(lines.join('\n')).not.toMatch(/PEM|[Rr]un as|data directory/);
  });

  it('names the owner, who may be whom the command is meant to run as', ({ skip }) => {
    if (!IS_ROOT) skip('needs root');
    const directory = makePlaces();
    chownSync(join(directory, 'open'), 1, 1);
    expect(run('bundle keygen export.key', directory)).toContain(
      `${WHO} may not write to /open.\n  Either give it that place, or name another one, or run as its owner, uid 1.`,
    );
  });

  it('has a way past it where the file may come from stdin', () => {
    const directory = makePlaces();
    const text = run('mirror apply ../closed/rules.yaml', directory);
    expect(text).toContain('\n  Or let your shell read it: - <FILE\n');
  });

  it('has a way there by root, where an installation is refused', () => {
    const text = run(`client config podman ${LAN} --install /`, makePlaces());
    expect(text).toContain('Or let root unpack it: … --tar | tar -C / -x');
  });
});

describe('a refusal', () => {
  it('is no other failure', () => {
    expect(explainRefusal(Object.assign(new Error('x'), { code: 'ENOENT', path: '/a' }))).toBe(
      undefined,
    );
    expect(explainRefusal(Object.assign(new Error('x'), { code: 'EACCES' }))).toBe(undefined);
    expect(explainRefusal(undefined)).toBe(undefined);
  });

  it('names a user without a name by its number', () => {
    const directory = mkdtempSync(join(tmpdir(), 'portolan-refused-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const error = { code: 'EPERM', syscall: 'chmod', path: directory };
    const { hint } = explainRefusal(error, { name: undefined, uid: 4321 }) ?? {};
    expect(hint).toBe("uid 4321 may not do that: it takes the owner's rights.");
  });
});
