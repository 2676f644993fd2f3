// What can happen to a bundle between two rooms, by accident and on purpose.
import { createHash } from 'node:crypto';
import {
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** The layers of the samples are some 70 kB, everything else is small. */
export const SPLIT_AT = 20_000;

export interface Damage {
  readonly name: string;
  readonly damage: (directory: string) => void;
  /** One of the problems must say this. */
  readonly problem: RegExp;
}

function findBlob(directory: string, ending: RegExp): string {
  const names = readdirSync(join(directory, 'blobs/sha256'));
  const name = names.find((one) => ending.test(one));
  if (name === undefined) throw new Error(`no blob ${String(ending)}`);
  return `blobs/sha256/${name}`;
}

const whole = (directory: string): string => findBlob(directory, /^[0-9a-f]{64}$/);
const part = (directory: string): string => findBlob(directory, /\.part-0002$/);

function edit(directory: string, file: string, change: (text: string) => string): void {
  const path = join(directory, file);
  const before = readFileSync(path, 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`nothing was changed in ${file}`);
  writeFileSync(path, after);
}

function flipBit(directory: string, file: string): void {
  const path = join(directory, file);
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  writeFileSync(path, bytes);
}

/** As somebody would who knows the format. */
function correctSums(directory: string): void {
  edit(directory, 'SHA256SUMS', (sums) =>
    sums.replaceAll(/^[0-9a-f]{64} {2}(.+)$/gm, (_line, file: string) => {
      const sum = createHash('sha256')
        .update(readFileSync(join(directory, file)))
        .digest('hex');
      return `${sum}  ${file}`;
    }),
  );
}

function dropFromSums(directory: string, file: string): void {
  edit(directory, 'SHA256SUMS', (sums) => sums.replace(new RegExp(`^.{64}  ${file}\n`, 'm'), ''));
}

interface DocumentJson {
  blobs: { digest: string; size: number; parts: number; manifest?: string }[];
  references: { name: string; digest: string }[];
  counts: Record<string, number>;
  bytes: number;
  [field: string]: unknown;
}

function editDocument(directory: string, change: (document: DocumentJson) => void): void {
  edit(directory, 'bundle.json', (text) => {
    const document = JSON.parse(text) as DocumentJson;
    change(document);
    return JSON.stringify(document);
  });
}

/** Leaves out a blob everywhere it is told of, so that all that is told agrees. */
function forgetBlob(directory: string, isIt: (blob: DocumentJson['blobs'][number]) => boolean) {
  let path = '';
  editDocument(directory, (document) => {
    const gone = document.blobs.find((blob) => blob.parts === 1 && isIt(blob));
    if (gone === undefined) throw new Error('there is no such blob');
    path = `blobs/${gone.digest.replace(':', '/')}`;
    document.blobs = document.blobs.filter((blob) => blob !== gone);
    document.counts['blobs'] = document.blobs.length;
    document.counts['manifests'] = document.blobs.filter((blob) => blob.manifest).length;
    document.counts['files'] = document.blobs.reduce((sum, blob) => sum + blob.parts, 0);
    document.bytes -= gone.size;
  });
  rmSync(join(directory, path));
  dropFromSums(directory, path);
  correctSums(directory);
}

function linkTo(directory: string, file: string, target: string): void {
  rmSync(join(directory, file), { recursive: true });
  symlinkSync(target, join(directory, file));
}

/** Of which no key is needed to find them out. */
export const DAMAGES: readonly Damage[] = [
  {
    name: 'a blob is cut off',
    damage: (at) => truncateSync(join(at, whole(at)), 5),
    problem: /another size/,
  },
  {
    name: 'a part is cut off',
    damage: (at) => truncateSync(join(at, part(at)), 5),
    problem: /another size/,
  },
  { name: 'a bit of a blob flipped', damage: (at) => flipBit(at, whole(at)), problem: /digest/ },
  { name: 'a bit of a part flipped', damage: (at) => flipBit(at, part(at)), problem: /digest/ },
  {
    name: 'a bit flipped, and the sums say so',
    damage: (at) => {
      flipBit(at, part(at));
      correctSums(at);
    },
    problem: /does not match its digest/,
  },
  { name: 'a blob is missing', damage: (at) => rmSync(join(at, whole(at))), problem: /is missing/ },
  { name: 'a part is missing', damage: (at) => rmSync(join(at, part(at))), problem: /is missing/ },
  {
    name: 'a document is larger than any bundle has',
    damage: (at) => truncateSync(join(at, 'bundle.json'), 64 * 1024 * 1024 + 1),
    problem: /bundle\.json: is too large/,
  },
  {
    name: 'a document lists millions of nothings',
    damage: (at) => writeFileSync(join(at, 'bundle.json'), `[${'{},'.repeat(5_000_000)}{}]`),
    problem: /bundle\.json: lists more than a bundle can hold/,
  },
  {
    name: 'a document lists more blobs than a bundle has',
    damage: (at) => {
      editDocument(at, (document) => {
        const digest = `sha256:${'0'.repeat(64)}`;
        document['omitted'] = Array.from({ length: 200_001 }, () => digest);
      });
      correctSums(at);
    },
    problem: /it lists more than a bundle can hold/,
  },
  {
    name: 'a blob too many',
    damage: (at) => writeFileSync(join(at, 'blobs/sha256', 'f'.repeat(64)), 'x'),
    problem: /does not belong/,
  },
  {
    name: 'a file of another name among the blobs',
    damage: (at) => writeFileSync(join(at, 'blobs/sha256/setup.exe'), 'x'),
    problem: /does not belong/,
  },
  {
    name: 'a blob that the sums name and the bundle does not',
    damage: (at) => {
      writeFileSync(join(at, 'blobs/sha256', 'f'.repeat(64)), 'x');
      edit(
        at,
        'SHA256SUMS',
        (sums) => `${sums}${'0'.repeat(64)}  blobs/sha256/${'f'.repeat(64)}\n`,
      );
      correctSums(at);
    },
    problem: /SHA256SUMS alone/,
  },
  {
    name: 'index.json was edited',
    damage: (at) => edit(at, 'index.json', (text) => text.replace(':latest', ':newest')),
    problem: /different references/,
  },
  {
    name: 'index.json was edited, and the sums say so',
    damage: (at) => {
      edit(at, 'index.json', (text) => text.replace(':latest', ':newest'));
      correctSums(at);
    },
    problem: /different references/,
  },
  {
    name: 'index.json is cut off',
    damage: (at) => truncateSync(join(at, 'index.json'), 100),
    problem: /not what a bundle has/,
  },
  {
    name: 'bundle.json was edited',
    damage: (at) => edit(at, 'bundle.json', (text) => text.replace('portolan test', 'somebody')),
    problem: /SHA256SUMS/,
  },
  {
    name: 'bundle.json is missing',
    damage: (at) => rmSync(join(at, 'bundle.json')),
    problem: /is missing/,
  },
  {
    name: 'bundle.json has another format',
    damage: (at) => edit(at, 'bundle.json', (text) => text.replace('bundle/1', 'bundle/9')),
    problem: /format/,
  },
  {
    name: 'a reference with a path for a name',
    damage: (at) => {
      for (const file of ['bundle.json', 'index.json']) {
        edit(at, file, (text) => text.replaceAll('docker.io/library', '../../etc'));
      }
      correctSums(at);
    },
    problem: /references\.0\.name/,
  },
  {
    name: 'a digest that is a path',
    damage: (at) => {
      editDocument(at, (document) => {
        const [blob] = document.blobs;
        if (blob !== undefined) blob.digest = 'sha256:../../../../etc/passwd';
      });
      correctSums(at);
    },
    problem: /blobs\.0\.digest/,
  },
  {
    name: 'an id that is a path',
    damage: (at) => {
      editDocument(at, (document) => {
        document['id'] = '../../report';
      });
      correctSums(at);
    },
    problem: /: id/,
  },
  {
    name: 'counts that are not those of the lists',
    damage: (at) => {
      editDocument(at, (document) => {
        document.counts['blobs'] = 1;
      });
      correctSums(at);
    },
    problem: /contradicts itself/,
  },
  {
    name: 'more files than memory has room for',
    damage: (at) => {
      editDocument(at, (document) => {
        const split = Array.from({ length: 10_000 }, (_, i) => ({
          digest: `sha256:${String(i).padStart(64, '0')}`,
          size: 9999,
          parts: 9999,
        }));
        document['maxFileSize'] = 1;
        document.references = [];
        document.blobs = split;
        document.counts = {
          references: 0,
          manifests: 0,
          blobs: 10_000,
          files: 99_990_000,
          expected: 0,
        };
        document.bytes = 99_990_000;
      });
      edit(at, 'index.json', (text) => {
        return JSON.stringify({ ...(JSON.parse(text) as object), manifests: [] });
      });
    },
    problem: /more files than a bundle has/,
  },
  {
    name: 'a layer was forgotten',
    damage: (at) => forgetBlob(at, ({ manifest }) => manifest === undefined),
    problem: /lacks a blob/,
  },
  {
    name: 'a manifest was forgotten',
    damage: (at) => forgetBlob(at, ({ manifest }) => manifest !== undefined),
    problem: /lacks a manifest/,
  },
  {
    name: 'SHA256SUMS is missing',
    damage: (at) => rmSync(join(at, 'SHA256SUMS')),
    problem: /not complete/,
  },
  {
    name: 'SHA256SUMS is cut off',
    damage: (at) => truncateSync(join(at, 'SHA256SUMS'), 100),
    problem: /cut off/,
  },
  {
    name: 'SHA256SUMS lacks a file',
    damage: (at) => dropFromSums(at, 'index.json'),
    problem: /is not in SHA256SUMS/,
  },
  {
    name: 'SHA256SUMS names a file elsewhere',
    damage: (at) =>
      edit(at, 'SHA256SUMS', (sums) => `${sums}${'0'.repeat(64)}  ../../etc/passwd\n`),
    problem: /does not have/,
  },
  {
    name: 'a blob is a link',
    damage: (at) => linkTo(at, whole(at), '/etc/hostname'),
    problem: /not a regular file/,
  },
  {
    name: 'the directory of blobs is a link',
    damage: (at) => linkTo(at, 'blobs', '/tmp'),
    problem: /not a directory/,
  },
  {
    name: 'bundle.json is a link',
    damage: (at) => linkTo(at, 'bundle.json', '/dev/zero'),
    problem: /not a regular file/,
  },
];

/** That only a signature tells. */
export const FORGERIES: readonly Damage[] = [
  {
    name: 'everything agrees, and is somebody else’s',
    damage: (at) => {
      editDocument(at, (document) => {
        document['tool'] = 'somebody';
      });
      correctSums(at);
    },
    problem: /is not a signature/,
  },
  {
    name: 'the signature is missing',
    damage: (at) => rmSync(join(at, 'SHA256SUMS.sig')),
    problem: /is missing/,
  },
  {
    name: 'the signature is cut off',
    damage: (at) => truncateSync(join(at, 'SHA256SUMS.sig'), 10),
    problem: /is not a signature/,
  },
];
