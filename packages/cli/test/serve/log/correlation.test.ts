import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createCorrelate, traceIdOf } from '../../../src/serve/log/correlation.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const GOOD = `00-${TRACE}-${PARENT}-01`;

describe('a traceparent', () => {
  it.each([
    [GOOD, TRACE],
    [`cc-${TRACE}-${PARENT}-01-what-comes-later`, TRACE],
    [`${GOOD}-more`, undefined],
    [`ff-${TRACE}-${PARENT}-01`, undefined],
    [`00-${'0'.repeat(32)}-${PARENT}-01`, undefined],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
    [GOOD.toUpperCase(), undefined],
    [` ${GOOD}`, undefined],
    [`${GOOD}, ${GOOD}`, undefined],
    [`00-${TRACE.slice(1)}-${PARENT}-01`, undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s tells the trace %s', (header, trace) => {
    expect(traceIdOf(header)).toBe(trace);
  });
});

function correlationOf(headers: Record<string, string | string[]>, isForwarded: boolean) {
  const correlate = createCorrelate(() => ({
    address: '192.0.2.1',
    isEncrypted: true,
    isForwarded,
  }));
  return correlate({ headers } as unknown as IncomingMessage);
}

describe('what leads to the logs of others', () => {
  it('is nothing where nothing was sent', () => {
    expect(correlationOf({}, true)).toBeUndefined();
  });

  it('is the id of a proxy that is trusted, beside the trace', () => {
    const headers = { 'x-request-id': 'haproxy-7F:1', traceparent: GOOD };
    const both = { proxyRequestId: 'haproxy-7F:1', traceId: TRACE };
    expect(correlationOf(headers, true)).toEqual(both);
  });

  it('is no id that anybody else sent', () => {
    expect(correlationOf({ 'x-request-id': 'haproxy-7F:1' }, false)).toEqual({});
  });

  it.each([
    ['is too long', 'a'.repeat(129)],
    ['is empty', ''],
    ['has a space', 'a b'],
    ['is not ASCII', 'ä'],
    ['has a control character', 'a\u001b[2J'],
    ['comes more than once', ['a', 'b']],
  ])('is no id that %s', (_, id) => {
    expect(correlationOf({ 'x-request-id': id }, true)).toEqual({});
  });
});
