// What counts over the drop-in for a proxy, as systemd and dockerd read it.
import { describe, expect, it } from 'vitest';
import { config, judged, type Wanted } from '../request.ts';

const UNIT = '/etc/systemd/system/docker.service';
const LATER = `${UNIT}.d/http-proxy.conf`;
const DAEMON = '/etc/docker/daemon.json';
const CORP = 'http://corp.example:8080';
const OURS = 'http://registry.lan:3128';

const warnings = (there: Readonly<Record<string, string>>, wanted: Wanted = {}) =>
  judged('proxy', there, wanted).warnings;

const service = (...lines: readonly string[]): string => ['[Service]', ...lines, ''].join('\n');

const elsewhere = (name: string, path: string): string =>
  `docker.service is not fail-closed: with ${name} in ${path} its proxy is corp.example:8080. Remove it there.`;

describe('another proxy that counts over ours is told', () => {
  it.each([
    ['a later drop-in', `Environment=HTTPS_PROXY=${CORP}`],
    ['in quotes', `Environment="HTTPS_PROXY=${CORP}" "NO_COLOR=1"`],
    ['in single quotes behind another', `Environment=A=1 'HTTPS_PROXY=${CORP}'`],
    ['on a line that goes on', `Environment=A=1 \\\n  HTTPS_PROXY=${CORP}`],
    ['the last of two', `Environment=HTTPS_PROXY=${OURS}\nEnvironment=HTTPS_PROXY=${CORP}`],
    ['with a password, which is kept back', 'Environment=HTTPS_PROXY=http://a:b@corp.example:8080'],
  ])('%s', (_title, line) => {
    expect(warnings({ [LATER]: service(line) })).toEqual([elsewhere('HTTPS_PROXY', LATER)]);
  });

  it.each(['/run/systemd/system', '/usr/lib/systemd/system'])('in %s', (directory) => {
    const path = `${directory}/docker.service.d/http-proxy.conf`;
    const text = service(`Environment=HTTPS_PROXY=${CORP}`);
    expect(warnings({ [path]: text })).toEqual([elsewhere('HTTPS_PROXY', path)]);
    // Hidden by the one of that name.
    expect(warnings({ [path]: text, [LATER]: service() })).toEqual([]);
  });

  it.each([
    ['an empty variable', LATER, 'Environment=HTTPS_PROXY='],
    ['an empty list', LATER, 'Environment='],
    ['one that is unset, wherever', `${UNIT}.d/10-a.conf`, 'UnsetEnvironment=HTTPS_PROXY'],
    ['one that is unset by the unit', UNIT, 'UnsetEnvironment=HTTPS_PROXY'],
  ])('%s', (_title, path, line) => {
    expect(warnings({ [path]: service(line) })).toContain(
      `docker.service is not fail-closed: ${path} takes HTTPS_PROXY away. Remove that there.`,
    );
  });

  it('other hosts that are reached without it', () => {
    const [warning, ...more] = warnings({
      [LATER]: service('Environment=NO_PROXY=*.corp,10.0.0.1'),
    });
    expect(warning).toContain(`NO_PROXY in ${LATER} is "*.corp,10.0.0.1". Remove it there.`);
    expect(more).toEqual([]);
  });

  it('an environment file that the unit reads', () => {
    const path = '/etc/sysconfig/docker';
    const there = { [path]: `# ours\nHTTPS_PROXY="${CORP}"\n` };
    expect(warnings(there)).toEqual([]);
    const unit = service('EnvironmentFile=-/etc/sysconfig/%N');
    expect(warnings({ ...there, [UNIT]: unit })).toEqual([elsewhere('HTTPS_PROXY', path)]);
  });

  it('dockerd by itself, since version 23', () => {
    const there = { [DAEMON]: JSON.stringify({ proxies: { 'https-proxy': CORP } }) };
    expect(warnings(there)).toEqual([elsewhere('https-proxy', DAEMON)]);
    expect(warnings(there, { version: '23.0.0' })).toHaveLength(1);
    expect(warnings(there, { version: '20.10.24' })).toEqual([]);
    expect(warnings(there, { unit: 'containerd.service' })).toEqual([]);
    expect(warnings({ [DAEMON]: '{"proxies":{"no-proxy":"quay.io"}}' })).toHaveLength(1);
  });
});

describe('nothing is told of', () => {
  it.each([
    ['an earlier drop-in', `${UNIT}.d/10-a.conf`, service(`Environment=HTTPS_PROXY=${CORP}`)],
    ['the unit itself', UNIT, service(`Environment=HTTPS_PROXY=${CORP}`)],
    ['our own', `${UNIT}.d/50-portolan-proxy.conf`, service(`Environment=HTTPS_PROXY=${CORP}`)],
    ['the same proxy', LATER, service(`Environment=HTTPS_PROXY=${OURS}/`)],
    ['the same hosts', LATER, service('Environment=NO_PROXY=::1,localhost,127.0.0.1,registry.lan')],
    ['a comment', LATER, service(`#Environment=HTTPS_PROXY=${CORP}`)],
    ['the one for plain HTTP', LATER, service(`Environment=HTTP_PROXY=${CORP}`)],
    ['what dockerd does not start with', DAEMON, '{'],
    ['no proxies in daemon.json', DAEMON, '{"proxies":{"http-proxy":"http://a.lan"}}'],
    ['no settings in daemon.json', DAEMON, 'null'],
  ])('%s', (_title, path, text) => {
    expect(warnings({ [path]: text })).toEqual([]);
  });

  it('another unit', () => {
    const text = service(`Environment=HTTPS_PROXY=${CORP}`);
    expect(warnings({ [LATER]: text }, { unit: 'crio.service' })).toEqual([]);
  });
});

it('is looked for where systemd reads drop-ins', () => {
  expect(config('proxy').surroundings?.patterns).toContain(`${UNIT}.d/*.conf`);
  expect(config('proxy').surroundings?.patterns).toContain(DAEMON);
});
