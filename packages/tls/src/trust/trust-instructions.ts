// How each system is told to trust the authority. Commands to paste, as root unless they say otherwise;
// first the certificate is fetched and held against its fingerprint. Each that is in the file is shown: it comes
// over plain HTTP, and whoever is in between could put one of his own behind ours.

/** What the lines speak of. */
export interface TrustFacts {
  /** As in the names of images: `registry.lan` or `registry.lan:5000`. */
  readonly host: string;
  /** Where `/ca.crt` is. */
  readonly url: string;
  /** Of what `/ca.crt` has: the authority's own, then those of retired ones that servers still need. */
  readonly fingerprints: readonly [string, ...string[]];
}

interface TrustSystem {
  readonly name: string;
  readonly title: string;
  /** @param files with one certificate each, for systems that take no more */
  readonly lines: (facts: TrustFacts, files: readonly string[]) => readonly string[];
}

/** With all of them. */
const FILE = 'portolan-ca.crt';
const SHOW_EACH = `awk -v show='openssl x509 -noout -fingerprint -sha256' '{ print | show } /^-----END/ { close(show) }' ${FILE}`;
const SPLIT = `awk '/^-----BEGIN/ { n++ } { print > ("portolan-ca-" n ".crt") }' ${FILE}`;

/** The second is `portolan-2.crt`. */
function numbered(name: string, index: number): string {
  return index === 0 ? name : `${name}-${index + 1}`;
}

function anchors(directory: string, update: string): TrustSystem['lines'] {
  return (_, files) => [
    ...files.map(
      (file, index) => `install -m 644 ${file} ${directory}/${numbered('portolan', index)}.crt`,
    ),
    update,
  ];
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
    lines: (_, files) => files.map((file) => `trust anchor --store ${file}`),
  },
  {
    name: 'macos',
    title: 'macOS',
    lines: (_, files) =>
      files.map(
        (file) =>
          `security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${file}`,
      ),
  },
  {
    name: 'windows',
    title: 'Windows, in a shell of an administrator',
    lines: (_, files) => files.map((file) => `certutil -addstore -f Root ${file}`),
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
    lines: (_, files) =>
      files.map(
        (file, index) =>
          `for db in ~/.mozilla/firefox/*/cert9.db; do certutil -A -d "sql:$(dirname "$db")" -n ${numbered('Portolan', index)} -t C,, -i ${file}; done`,
      ),
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

function fetching({ url, fingerprints: [own, ...retired] }: TrustFacts): string {
  const isOne = retired.length === 0;
  return [
    isOne
      ? '# Get the certificate, and compare what openssl prints with the fingerprint below.'
      : '# Get the certificates, of the authority and of what it replaced, which servers still need; compare what\n# openssl prints with the fingerprints below.',
    `curl -fsSo ${FILE} ${url}/ca.crt`,
    SHOW_EACH,
    `# ${own}`,
    ...retired.map((fingerprint) => `# ${fingerprint} (retired)`),
    ...(isOne ? [] : [SPLIT]),
  ].join('\n');
}

function filesOf({ fingerprints }: TrustFacts): readonly string[] {
  if (fingerprints.length === 1) return [FILE];
  return fingerprints.map((_, index) => `portolan-ca-${index + 1}.crt`);
}

function section({ title, lines }: TrustSystem, facts: TrustFacts): string {
  return [`# ${title}`, ...lines(facts, filesOf(facts))].join('\n');
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
