// How each system is told to trust the authority. Commands to paste, as root unless they say otherwise;
// first the certificate is fetched and held against its fingerprint.

/** What the lines speak of. */
export interface TrustFacts {
  /** As in the names of images: `registry.lan` or `registry.lan:5000`. */
  readonly host: string;
  /** Where `/ca.crt` is. */
  readonly url: string;
  readonly fingerprint: string;
}

interface TrustSystem {
  readonly name: string;
  readonly title: string;
  readonly lines: (facts: TrustFacts) => readonly string[];
}

const FILE = 'portolan-ca.crt';

function anchors(directory: string, update: string): TrustSystem['lines'] {
  return () => [`install -m 644 ${FILE} ${directory}/portolan.crt`, update];
}

const SYSTEMS: readonly TrustSystem[] = [
  {
    name: 'debian',
    title: 'Debian, Ubuntu',
    lines: anchors('/usr/local/share/ca-certificates', 'update-ca-certificates'),
  },
  {
    name: 'rhel',
    title: 'Red Hat Enterprise Linux, Fedora, CentOS Stream, Rocky, Alma',
    lines: anchors('/etc/pki/ca-trust/source/anchors', 'update-ca-trust'),
  },
  {
    name: 'suse',
    title: 'SUSE Linux Enterprise, openSUSE',
    lines: anchors('/etc/pki/trust/anchors', 'update-ca-certificates'),
  },
  {
    name: 'alpine',
    title: 'Alpine',
    lines: anchors('/usr/local/share/ca-certificates', 'update-ca-certificates'),
  },
  {
    name: 'arch',
    title: 'Arch',
    lines: () => [`trust anchor --store ${FILE}`],
  },
  {
    name: 'macos',
    title: 'macOS',
    lines: () => [
      `security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${FILE}`,
    ],
  },
  {
    name: 'windows',
    title: 'Windows, in a shell of an administrator',
    lines: () => [`certutil -addstore -f Root ${FILE}`],
  },
  {
    name: 'docker',
    title: 'Docker alone, without a restart',
    lines: ({ host }) => [`install -D -m 644 ${FILE} /etc/docker/certs.d/${host}/ca.crt`],
  },
  {
    name: 'containerd',
    title: 'containerd alone, where config_path is /etc/containerd/certs.d',
    lines: ({ host }) => [
      `install -D -m 644 ${FILE} /etc/containerd/certs.d/${host}/ca.crt`,
      `printf 'server = "https://%s"\\nca = "/etc/containerd/certs.d/%s/ca.crt"\\n' '${host}' '${host}' > '/etc/containerd/certs.d/${host}/hosts.toml'`,
    ],
  },
  {
    name: 'podman',
    title: 'podman, buildah, skopeo and CRI-O alone',
    lines: ({ host }) => [`install -D -m 644 ${FILE} /etc/containers/certs.d/${host}/ca.crt`],
  },
  {
    name: 'firefox',
    title: 'Firefox and others with NSS, as yourself, in each profile (package libnss3-tools)',
    lines: () => [
      `for db in ~/.mozilla/firefox/*/cert9.db; do certutil -A -d "sql:$(dirname "$db")" -n Portolan -t C,, -i ${FILE}; done`,
    ],
  },
];

const OTHER_NAMES: Readonly<Record<string, string>> = {
  ubuntu: 'debian',
  fedora: 'rhel',
  centos: 'rhel',
  rocky: 'rhel',
  alma: 'rhel',
  opensuse: 'suse',
  nss: 'firefox',
  skopeo: 'podman',
  buildah: 'podman',
  'cri-o': 'podman',
  crio: 'podman',
};

export const TRUST_SYSTEMS: readonly string[] = SYSTEMS.map(({ name }) => name);

function fetching({ url, fingerprint }: TrustFacts): string {
  return [
    '# Get the certificate, and compare what openssl prints with the fingerprint below.',
    `curl -fsSo ${FILE} ${url}/ca.crt`,
    `openssl x509 -in ${FILE} -noout -fingerprint -sha256`,
    `# ${fingerprint}`,
  ].join('\n');
}

function section({ title, lines }: TrustSystem, facts: TrustFacts): string {
  return [`# ${title}`, ...lines(facts)].join('\n');
}

/** For one system, or for all; undefined for one that we do not know. */
export function trustInstructions(
  facts: TrustFacts,
  system: string | undefined,
): string | undefined {
  const name = system?.toLowerCase();
  const wanted = name === undefined ? undefined : (OTHER_NAMES[name] ?? name);
  const chosen = SYSTEMS.filter((one) => wanted === undefined || one.name === wanted);
  if (chosen.length === 0) return undefined;
  return [fetching(facts), ...chosen.map((one) => section(one, facts))].join('\n\n');
}
