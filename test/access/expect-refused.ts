// What a refusal must look like, and how two of them are compared.
import { expect } from 'vitest';
import type { Answer } from '../conformance/registry-client.ts';
import { errorCode } from '../conformance/repository.ts';

/** 401 with exactly one challenge: a client can ask for a token that has the right. */
export function expectUnauthorized(answer: Answer, method: string): void {
  expect(answer.status).toBe(401);
  const challenge = answer.headers.get('www-authenticate') ?? '';
  expect(challenge).toMatch(/^Bearer realm="[^"]+",service="[^"]+"/);
  expect(challenge.match(/realm=/g)).toHaveLength(1);
  if (method !== 'HEAD') expect(errorCode(answer)).toBe('UNAUTHORIZED');
}

// Whether the connection is kept hangs on how much of the body had arrived.
const VARYING = new Set(['date', 'x-request-id', 'connection', 'keep-alive']);

/** All that a client can see, without what differs between any two requests and without the name. */
export function visibleParts(answer: Answer, name: string) {
  const anonymous = (text: string) => text.replaceAll(name, '<name>');
  const headers = [...answer.headers]
    .filter(([header]) => !VARYING.has(header))
    .map(([header, value]) => `${header}: ${anonymous(value)}`)
    .sort();
  const id = answer.headers.get('x-request-id') ?? '';
  const body = answer.body.toString();
  const text = id === '' ? body : body.replaceAll(id, '<id>');
  return { status: answer.status, headers, body: anonymous(text) };
}
