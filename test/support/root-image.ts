// Images that engines unpack: their one layer is a file system, and their config says what it unpacks to.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import {
  CONFIG_TYPE,
  content,
  digestOf,
  type Image,
  jsonContent,
  LAYER_GZIP_TYPE,
  makeImage,
} from './image.ts';

export interface RootImageOptions {
  readonly architecture?: string;
  /** What a container runs. */
  readonly command?: readonly string[];
}

/** @param archive a tar of the file system */
export async function makeRootImage(
  archive: string,
  { architecture = 'amd64', command }: RootImageOptions = {},
): Promise<Image> {
  const tar = await readFile(archive);
  const rootfs = { type: 'layers', diff_ids: [digestOf(tar)] };
  const settings = command === undefined ? {} : { Cmd: command };
  const config = jsonContent({ architecture, os: 'linux', config: settings, rootfs }, CONFIG_TYPE);
  return makeImage({ config, layerContents: [content(gzipSync(tar), LAYER_GZIP_TYPE)] });
}
