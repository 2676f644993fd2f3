// What a new certificate does not change: names that it is for, and for which another one stays in use.
import { matchCertificate } from './choose-certificate.ts';
import { readCertificateFiles } from './list-certificates.ts';
import { isCovered } from './lost-names.ts';

export interface OtherInUse {
  readonly file: string;
  readonly names: readonly string[];
}

/** @param file the new one, which is there already */
export async function othersInUse(
  directory: string,
  file: string,
  now: number,
): Promise<readonly OtherInUse[]> {
  const { read } = await readCertificateFiles(directory);
  const own = read.find(({ facts }) => facts.file === file)?.facts.names ?? [];
  const all = new Set(read.flatMap(({ facts }) => facts.names));
  const others = new Map<string, string[]>();
  for (const name of [...all].filter((one) => isCovered(one, own))) {
    const other = matchCertificate(read, name, now)?.facts.file ?? file;
    if (other !== file) others.set(other, [...(others.get(other) ?? []), name]);
  }
  return [...others].map(([other, names]) => ({ file: other, names }));
}
