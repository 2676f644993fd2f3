// The PROXY protocol, version 2 (haproxy.org/download/2.9/doc/proxy-protocol.txt §2.2): a proxy's first
// bytes on a connection, which say who the client is. Version 1 is refused: it is text of unknown length.
import type { Socket } from 'node:net';
import ipaddr from 'ipaddr.js';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const FIXED_BYTES = 16;
/** The addresses, and what a proxy may tell beside them: certificates, host names. */
const MAX_REST_BYTES = 4096;

const LOCAL = 0;
const PROXY = 1;
/** Family and transport: TCP over IPv4 and IPv6. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = { 0x11: 4, 0x21: 16 };
const PORTS_BYTES = 4;

export class ProxyHeaderError extends Error {
  override readonly name = 'ProxyHeaderError';
}

interface FixedPart {
  readonly command: number;
  readonly family: number;
  readonly restBytes: number;
}

/** @throws ProxyHeaderError */
export function parseFixedPart(bytes: Buffer): FixedPart {
  if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)) {
    const isOld = bytes.toString('latin1').startsWith('PROXY ');
    throw new ProxyHeaderError(
      isOld
        ? 'the proxy speaks version 1 of the PROXY protocol; it must send version 2 (send-proxy-v2)'
        : 'the connection does not begin with a PROXY protocol header; the proxy must send one (send-proxy-v2)',
    );
  }
  const versionAndCommand = bytes.readUInt8(12);
  const command = versionAndCommand & 0x0f;
  const restBytes = bytes.readUInt16BE(14);
  if (versionAndCommand >> 4 !== 2) throw new ProxyHeaderError('the version is not 2');
  if (command !== LOCAL && command !== PROXY) throw new ProxyHeaderError('the command is unknown');
  if (restBytes > MAX_REST_BYTES) throw new ProxyHeaderError('the header is too long');
  return { command, family: bytes.readUInt8(13), restBytes };
}

/**
 * Undefined where the connection is the proxy's own, or of a family without an address that we know.
 * @throws ProxyHeaderError
 */
export function parseSourceAddress(fixed: FixedPart, rest: Buffer): string | undefined {
  const size = ADDRESS_BYTES[fixed.family];
  if (fixed.command === LOCAL || size === undefined) return undefined;
  if (rest.length < 2 * size + PORTS_BYTES) throw new ProxyHeaderError('the addresses are cut off');
  const address = ipaddr.fromByteArray([...rest.subarray(0, size)]).toString();
  // A proxy that listens on `::` says IPv4 clients as IPv6 ones, which would all be of one /64.
  return ipaddr.process(address).toString();
}

/** Resolves when there is more to read, or will never be. */
async function untilChange(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const settle = (): void => resolve();
  const events = ['readable', 'end', 'close'];
  for (const event of events) socket.on(event, settle);
  await promise;
  for (const event of events) socket.off(event, settle);
}

/** Takes all that is there: a listener that comes to bytes left over would be called without end. */
async function readChunk(socket: Socket): Promise<Buffer> {
  for (;;) {
    const chunk: unknown = socket.read();
    if (chunk instanceof Buffer) return chunk;
    if (socket.readableEnded || socket.destroyed) {
      throw new ProxyHeaderError('the connection ended within its PROXY protocol header');
    }
    await untilChange(socket);
  }
}

/** Reads exactly the header; what follows it stays for whoever reads next. */
export async function readProxyHeader(socket: Socket): Promise<string | undefined> {
  let bytes: Buffer = Buffer.alloc(0);
  const fill = async (size: number): Promise<void> => {
    while (bytes.length < size) bytes = Buffer.concat([bytes, await readChunk(socket)]);
  };
  await fill(FIXED_BYTES);
  const fixed = parseFixedPart(bytes.subarray(0, FIXED_BYTES));
  const end = FIXED_BYTES + fixed.restBytes;
  await fill(end);
  const address = parseSourceAddress(fixed, bytes.subarray(FIXED_BYTES, end));
  if (bytes.length > end) socket.unshift(bytes.subarray(end));
  return address;
}
