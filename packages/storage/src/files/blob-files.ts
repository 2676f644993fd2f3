// Where the bytes of blobs and of uploads lie. Names come from rows; nothing lists a directory to
// decide anything but which files have no row.
import type { Digest } from '@portolan/oci';
import type { Readable } from 'node:stream';
import type { ByteRange } from './byte-range.ts';

/** An upload's file, open for one writer. */
export interface UploadFile {
  /** Bytes in the file. */
  readonly size: number;
  /**
   * Takes the bytes, which must not change any more, and resolves when it can take more; they are
   * written when `flush` resolves. @throws StorageError `disk-full`
   */
  append(bytes: Uint8Array): Promise<void>;
  flush(): Promise<void>;
  /** The first `length` bytes; each part is good until the next is asked for. */
  read(length: number): AsyncIterable<Uint8Array>;
  truncate(size: number): Promise<void>;
  /** Makes the content durable; after a failure nothing is written any more until a restart. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface FileOnDisk {
  readonly area: 'blobs' | 'uploads';
  /** Path below the area, as the rows have it. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

export interface BlobFiles {
  /**
   * Opens the upload's file, made when it does not exist.
   * @throws StorageError `disk-full`, or `store-read-only` after a failed sync, until a restart
   */
  openUpload(upload: string): Promise<UploadFile>;
  /** Moves a synced upload file to its place as a blob, durably; returns its path below `blobs/`. */
  adopt(upload: string, digest: Digest): Promise<string>;
  /** Size of a blob's file, in bytes; undefined when it is not there. */
  sizeOf(file: string): number | undefined;
  /** All of a small file, in one go. @throws StorageError `blob-file-missing` */
  readWhole(file: string, size: number): Buffer;
  /** Open when the promise resolves. @throws StorageError `blob-file-missing` */
  openStream(file: string, size: number, range: ByteRange): Promise<Readable>;
  /** Removes one file; one that is gone already is fine. */
  remove(area: 'blobs' | 'uploads', file: string): Promise<void>;
  /** Every file there is, in no order. For the sweep of files without a row, and nothing else. */
  walk(): AsyncIterable<FileOnDisk>;
  /** Bytes free for us. @throws StorageError `store-read-only` after a failed sync */
  freeBytes(): number;
}
