import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createReadSource, sourceOf } from '../../src/identity/source-address.ts';

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['', undefined],
  [undefined, undefined],
  ['/run/portolan.sock', undefined],
])('the source of %s is %s', (address, source) => {
  expect(sourceOf(address)).toBe(source);
});

describe.each([
  [undefined, '10.0.0.1', '10.0.0.1'],
  ['192.0.2.1', '192.0.2.1', '10.0.0.1'],
  ['203.0.113.9, 192.0.2.1', '192.0.2.1', '10.0.0.1'],
  ['203.0.113.9,2001:db8:1:2::1', '2001:db8:1:2::/64', '10.0.0.1'],
  ['192.0.2.1, unknown', '10.0.0.1', '10.0.0.1'],
  ['192.0.2.1,', '10.0.0.1', '10.0.0.1'],
])('a request with X-Forwarded-For: %s', (header, trusted, untrusted) => {
  it.each([
    [true, trusted],
    [false, untrusted],
  ])('comes, when that is trusted (%s), from %s', (isTrusted, source) => {
    const socket = new Socket();
    Object.defineProperty(socket, 'remoteAddress', { value: '10.0.0.1' });
    const request = new IncomingMessage(socket);
    if (header !== undefined) request.headers['x-forwarded-for'] = header;
    expect(createReadSource(isTrusted)(request)).toBe(source);
  });
});
