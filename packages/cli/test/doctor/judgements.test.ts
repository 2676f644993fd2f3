// What is made of what was measured.
import { DAY_MS, type ListedCertificate } from '@portolan/tls';
import { describe, expect, it } from 'vitest';
import type { Check, Finding, World } from '../../src/doctor/check.ts';
import { ok, skipped } from '../../src/doctor/check.ts';
import { judgeAuthority, judgeCertificate } from '../../src/doctor/checks/certificates.ts';
import { judgeVirtualHosts } from '../../src/doctor/checks/dns.ts';
import { judgeFileSystem } from '../../src/doctor/checks/data-directory.ts';
import { judgeDiskSpeed } from '../../src/doctor/checks/disk-speed.ts';
import { judgeFileLimit, judgeWorkers } from '../../src/doctor/checks/process.ts';
import { judgeSource } from '../../src/doctor/checks/proxy.ts';
import { formatForTerminal, formatPlain } from '../../src/doctor/report.ts';
import { type CheckResult, runChecks } from '../../src/doctor/run-checks.ts';

const NOW = 1000 * DAY_MS;

/** Below the name of the registry. */
const HOSTS = ['docker-io.r.lan', 'host-5000.r.lan'];

function limits(hard: string): string {
  return `Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 ${hard}              files\n`;
}

function certificate(days: number, renewsIn: number | undefined): ListedCertificate {
  return {
    file: 'a.pem',
    names: ['a'],
    issuer: 'b',
    fingerprint: 'AA',
    inUseFor: ['a'],
    notBefore: NOW - 10 * DAY_MS,
    notAfter: NOW + days * DAY_MS,
    source: renewsIn === undefined ? 'imported' : 'authority',
    renewsAt: renewsIn === undefined ? undefined : NOW + renewsIn * DAY_MS,
  };
}

describe('a finding', () => {
  it.each<[string, Finding | undefined, Finding['verdict'] | undefined]>([
    ['a server that sees us', judgeSource('192.0.2.7', '192.0.2.7'), 'ok'],
    ['a server that sees the proxy', judgeSource('127.0.0.1', '192.0.2.7'), 'fail'],
    ['a server that sees nobody', judgeSource(undefined, '192.0.2.7'), 'warn'],
    ['a fast disk', judgeDiskSpeed(2), 'ok'],
    ['a slow disk', judgeDiskSpeed(60), 'warn'],
    ['a disk over a slow network', judgeDiskSpeed(400), 'fail'],
    ['NFS', judgeFileSystem(0x6969), 'warn'],
    ['the inside of a container', judgeFileSystem(0x794c7630), 'warn'],
    ['tmpfs', judgeFileSystem(0x01021994), 'warn'],
    ['ext4', judgeFileSystem(0xef53), undefined],
    ['many files', judgeFileLimit(limits('1048576'), 10_000), 'ok'],
    ['all files', judgeFileLimit(limits('unlimited'), 10_000), 'ok'],
    ['few files', judgeFileLimit(limits('4096'), 10_000), 'warn'],
    ['another system', judgeFileLimit('', 10_000), 'skipped'],
    ['names below ours that lead here', judgeVirtualHosts('r.lan', HOSTS, []), 'ok'],
    ['one that no engine needs', judgeVirtualHosts('r.lan', HOSTS, ['host-5000.r.lan']), 'ok'],
    ["one that is Docker Hub's", judgeVirtualHosts('r.lan', HOSTS, ['docker-io.r.lan']), 'warn'],
    ['as many workers as cores', judgeWorkers(8, 8), 'ok'],
    ['far more workers than cores', judgeWorkers(9, 4), 'warn'],
    ['one worker for many cores', judgeWorkers(1, 8), 'warn'],
    ['one worker for two cores', judgeWorkers(1, 2), 'ok'],
    ['a fresh certificate', judgeCertificate(certificate(80, 50), NOW), undefined],
    ['one that is due', judgeCertificate(certificate(29, -1), NOW), undefined],
    ['one that nobody renewed', judgeCertificate(certificate(20, -10), NOW), 'warn'],
    ['an imported one that ends soon', judgeCertificate(certificate(10, undefined), NOW), 'warn'],
    ['an imported one', judgeCertificate(certificate(200, undefined), NOW), undefined],
    ['no authority', judgeAuthority(undefined, NOW), undefined],
    ['a fresh authority', judgeAuthority({ notAfter: NOW + 400 * DAY_MS }, NOW), undefined],
    ['one in its last year', judgeAuthority({ notAfter: NOW + 300 * DAY_MS }, NOW), 'warn'],
    ['one that ended', judgeCertificate(certificate(-2, undefined), NOW), 'fail'],
    [
      'one that just ended',
      judgeCertificate({ ...certificate(0, -30), notAfter: NOW }, NOW),
      'fail',
    ],
    [
      'one that ended, with another in use',
      judgeCertificate({ ...certificate(-2, undefined), inUseFor: [] }, NOW),
      'warn',
    ],
    [
      'one that does not hold yet',
      judgeCertificate({ ...certificate(200, undefined), notBefore: NOW + DAY_MS }, NOW),
      'fail',
    ],
  ])('about %s', (_, finding, verdict) => {
    expect(finding?.verdict).toBe(verdict);
    if (verdict === 'warn' || verdict === 'fail') {
      expect(finding?.meaning).toMatch(/^\w.*\w$/);
      expect(finding?.remedy).toMatch(/\w/);
    }
  });
});

const WORLD: World = { machine: '', open: '', server: '' };

function check(name: string, run: Check['run'], after: readonly string[] = []): Check {
  return { name, topic: 'network', run, after };
}

const FAILED: Finding = { verdict: 'fail', summary: 's', meaning: 'm', remedy: 'r' };

async function verdicts(checks: readonly Check[], skip: readonly string[] = []) {
  const results = await runChecks(checks, WORLD, { skip: new Set(skip), limitMs: 100 });
  return results.map(({ name, verdict }) => `${verdict} ${name}`);
}

describe('checks', () => {
  it('that hang or throw are findings, and hold up nobody', async () => {
    const never = check('never', () => new Promise<Finding>(() => undefined));
    const throws = check('throws', () => Promise.reject(new Error('boom')));
    const good = check('good', async () => ok(''));
    expect(await verdicts([never, throws, good])).toEqual(['fail never', 'fail throws', 'ok good']);
  });

  it('are skipped when what they rest on has failed, and go on when it was skipped', async () => {
    const first = check('first', async () => FAILED);
    const second = check('second', async () => ok(''), ['first']);
    const third = check('third', async () => ok(''), ['second']);
    const fourth = check('fourth', async () => ok(''), ['third']);
    expect(await verdicts([first, second, third, fourth])).toEqual([
      'fail first',
      'skipped second',
      'skipped third',
      'skipped fourth',
    ]);
    expect(await verdicts([first, second], ['first'])).toEqual(['skipped first', 'ok second']);
  });
});

describe('a report', () => {
  const results = [{ name: 'tcp', topic: 'network', ...FAILED }] as const;

  it('has signs and topics on a terminal', () => {
    expect(formatForTerminal(results, 80)).toBe(
      'network\n  ✘ tcp               s\n                      m\n                      → r\n',
    );
  });

  it('has a line for each finding elsewhere', () => {
    expect(formatPlain(results)).toBe('fail tcp: s; m; r\n');
  });

  const NONE = 'there is no data directory here';
  const SKIPPED: readonly CheckResult[] = [
    { name: 'settings', topic: 'settings', ...skipped(NONE) },
    { name: 'name', topic: 'settings', ...skipped(`${NONE}:\n  - since nobody made one\n`) },
    { name: 'database', topic: 'data', ...skipped(NONE) },
    { name: 'dns', topic: 'network', ...skipped('it is an address') },
    ...results,
  ];

  it('tells once on a terminal what several were skipped for, and has no topic for them', () => {
    expect(formatForTerminal(SKIPPED, 60)).toBe(
      [
        'network',
        '  - dns               it is an address',
        '  ✘ tcp               s',
        '                      m',
        '                      → r',
        '',
        '- skipped 3 checks: there is no data directory here',
        '  (settings, name, database)',
        '',
      ].join('\n'),
    );
  });

  it('tells each that was skipped elsewhere', () => {
    expect(formatPlain(SKIPPED).match(/^skipped (?:settings|name|database|dns): /gm)).toHaveLength(
      4,
    );
  });
});
