// deploy/systemd/portolan, the command line beside the services: as whom and with which variables it runs the
// program, by what is installed and enabled. In place of the program stands one that says what it was given.
// What the real one makes of it, test/docs/one-box.test.ts tries.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMachine, type Machine } from '../network/machine.ts';
import { describeWith } from '../support/debian-package.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy/systemd');
const UNITS = '/etc/systemd/system';

const ONE = 'https://systemd:https,redirect://systemd:http,unix:/run/portolan/portolan.sock';
const TWO = 'unix:/run/portolan/auth.sock,unix:/run/portolan/registry.sock';
const TWO_UNITS = ['auth', 'registry'].flatMap((half) => [
  `portolan-${half}.socket`,
  `portolan-${half}.service`,
]);
const CONNECT = 'portolan-connect.service';

const PROGRAM = `#!/bin/sh
if [ "$2" = password ]; then printf '<%s>\\n' "$PORTOLAN_ADMIN_PASSWORD"; exit; fi
echo "$(id -un) $HOME $PORTOLAN_DATA_DIR $PORTOLAN_PUBLIC_URL \${XDG_RUNTIME_DIR-none} $PORTOLAN_LISTEN $*"
`;

const INSTALL = `
  install -D -m 644 ${DEPLOY}/portolan.sysusers.conf /etc/sysusers.d/portolan.conf
  systemd-sysusers
  install -m 644 -t ${UNITS} ${DEPLOY}/*.service ${DEPLOY}/*.socket
  install -D -m 644 -t /etc/portolan ${DEPLOY}/portolan.env
  mount -t tmpfs tmpfs /opt
  mkdir -p /opt/portolan/node_modules/node/bin
  cat >/opt/portolan/node_modules/node/bin/node
  chmod 755 /opt/portolan/node_modules/node/bin/node
  cp ${DEPLOY}/portolan /opt/command
`;

interface Site {
  readonly name: string;
  readonly enabled: readonly string[];
  /** Lines of a drop-in, by the unit. */
  readonly dropIns?: Readonly<Record<string, string>>;
  /** A line in portolan.env. */
  readonly setting?: string;
  readonly listen: string;
}

const SITES: readonly Site[] = [
  { name: 'nothing yet', enabled: [], listen: ONE },
  { name: 'one service', enabled: ['portolan.service'], listen: ONE },
  {
    name: 'one service with a CONNECT listener',
    enabled: ['portolan.service'],
    dropIns: { 'portolan.service': `Environment=PORTOLAN_LISTEN=${ONE},connect://[::]:3128` },
    listen: `${ONE},connect://[::]:3128`,
  },
  {
    name: 'one service whose drop-in has quotes',
    enabled: ['portolan.service'],
    dropIns: { 'portolan.service': 'Environment="PORTOLAN_LISTEN=https://[::]:443" "X=1"' },
    listen: 'https://[::]:443',
  },
  {
    name: 'one service that portolan.env tells where',
    enabled: ['portolan.service'],
    setting: 'PORTOLAN_LISTEN=https://[::]:8443',
    listen: 'https://[::]:8443',
  },
  {
    name: 'one service whose drop-in says two things in a line',
    enabled: ['portolan.service'],
    dropIns: { 'portolan.service': 'Environment=PORTOLAN_WORKERS=2 PORTOLAN_LISTEN=[::]:5000' },
    listen: '[::]:5000',
  },
  {
    name: 'one service whose drop-in has single quotes',
    enabled: ['portolan.service'],
    dropIns: { 'portolan.service': `Environment='X=a b' 'PORTOLAN_LISTEN=[::]:5000'` },
    listen: '[::]:5000',
  },
  {
    name: 'one service whose drop-in goes on in the next line',
    enabled: ['portolan.service'],
    dropIns: { 'portolan.service': 'Environment=X=1 \\\n  PORTOLAN_LISTEN=[::]:5000' },
    listen: '[::]:5000',
  },
  {
    name: 'one service on a socket with an owner, of portolan.env',
    enabled: ['portolan.service'],
    setting: 'PORTOLAN_LISTEN=unix:/run/portolan/p.sock?mode=0660&owner=:haproxy',
    listen: 'unix:/run/portolan/p.sock?mode=0660&owner=:haproxy',
  },
  { name: 'two services', enabled: TWO_UNITS, listen: TWO },
  {
    name: 'two services, one on a socket elsewhere',
    enabled: TWO_UNITS,
    dropIns: { 'portolan-auth.socket': 'ListenStream=\nListenStream=/run/other.sock' },
    listen: 'unix:/run/other.sock,unix:/run/portolan/registry.sock',
  },
  {
    name: 'two services and the CONNECT listener',
    enabled: [...TWO_UNITS, CONNECT],
    listen: `${TWO},connect://[::]:3128`,
  },
  {
    name: 'the CONNECT listener on another port',
    enabled: [...TWO_UNITS, CONNECT],
    dropIns: { [CONNECT]: 'Environment=PORTOLAN_LISTEN=connect://[::]:3129' },
    listen: `${TWO},connect://[::]:3129`,
  },
];

/** As systemd 252 reads them: a line of portolan.env, and what becomes of the password. */
const LINES: readonly (readonly [line: string, value: string])[] = [
  ['PORTOLAN_ADMIN_PASSWORD=pa$$w0rd', 'pa$$w0rd'],
  ['PORTOLAN_ADMIN_PASSWORD=correct horse battery', 'correct horse battery'],
  ['PORTOLAN_ADMIN_PASSWORD=$(id)`id`&;|<>*', '$(id)`id`&;|<>*'],
  [' PORTOLAN_ADMIN_PASSWORD =  a#b;c  ', 'a#b;c'],
  [`PORTOLAN_ADMIN_PASSWORD=it's "so"`, `it's "so"`],
  ['PORTOLAN_ADMIN_PASSWORD=" a \\"b\\" \\$c \\d "', ' a "b" $c \\d '],
  [`PORTOLAN_ADMIN_PASSWORD=' a\\b "c" '`, ' a\\b "c" '],
  [`PORTOLAN_ADMIN_PASSWORD="a"'b' c`, 'abc'],
  ['PORTOLAN_ADMIN_PASSWORD=a\\ \\b\\\nc', 'a bc'],
  ['PORTOLAN_ADMIN_PASSWORD=a\n#PORTOLAN_ADMIN_PASSWORD=b\n;PORTOLAN_ADMIN_PASSWORD=c', 'a'],
  ['PORTOLAN_ADMIN_PASSWORD=a\nexport PORTOLAN_ADMIN_PASSWORD=b\nno assignment', 'a'],
  ['PORTOLAN_ADMIN_PASSWORD=', ''],
];

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

describeWith({ packages: ['systemd'], root: true }, 'the command line beside the services', () => {
  let machine: Machine;
  beforeAll(async () => {
    machine = await createMachine('command');
    const { code, output } = await machine.sh(INSTALL, { input: PROGRAM });
    expect(code, output).toBe(0);
  });
  afterAll(() => machine?.stop());

  /** Files alone: systemd does not run here. */
  async function setUp({ enabled, dropIns = {}, setting = '' }: Site): Promise<void> {
    const lines = [
      'systemctl --quiet disable $(cd /etc/systemd/system; ls -d portolan*.service portolan*.socket)',
      ...['portolan.service', 'portolan-auth.socket', CONNECT].map(
        (unit) => `rm -f ${UNITS}/${unit}.d/own.conf`,
      ),
      ...Object.entries(dropIns).map(
        ([unit, text]) =>
          `mkdir -p ${UNITS}/${unit}.d; printf '[X]\\n%s\\n' ${quoted(text)} >${UNITS}/${unit}.d/own.conf`,
      ),
      `(cat ${DEPLOY}/portolan.env; printf '%s\\n' ${quoted(setting)}) >/etc/portolan/portolan.env`,
      enabled.length > 0 ? `systemctl --quiet enable ${enabled.join(' ')}` : '',
    ];
    await machine.must(lines.join('\n'));
  }

  test.each(SITES)('knows where it listens: $name', async (site) => {
    await setUp(site);
    const { output } = await machine.must('sh /opt/command health');
    expect(output.trim().split(' ').slice(5)).toEqual([
      site.listen,
      '/opt/portolan/packages/cli/src/main.ts',
      'health',
    ]);
  });

  test.each(LINES)('reads portolan.env as systemd does: %j', async (setting, value) => {
    await setUp({ name: '', enabled: [], setting, listen: ONE });
    const { output } = await machine.must('sh /opt/command password');
    expect(output).toBe(`<${value}>\n`);
  });

  test('runs as the user of the service, without what is root’s', async () => {
    const { output } = await machine.must('XDG_RUNTIME_DIR=/run/user/0 /opt/command doctor');
    const [user, home, data, url, runtime] = output.split(' ');
    expect({ user, home, data, url, runtime }).toEqual({
      user: 'portolan',
      home: '/var/lib/portolan',
      data: '/var/lib/portolan',
      url: 'https://registry.lan',
      runtime: 'none',
    });
  });
});
