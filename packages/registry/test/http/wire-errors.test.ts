import { describe, expect, it } from 'vitest';
import { DomainError, OCI_ERRORS } from '@portolan/oci';
import { toWireError, WIRE_ERRORS } from '../../src/http/wire-errors.ts';
import { RegistryError } from '../../src/registry-error.ts';

const CODES = new Set([...Object.keys(OCI_ERRORS), 'UNKNOWN', 'UNAVAILABLE']);

describe('the error table', () => {
  it.each(Object.entries(WIRE_ERRORS))('%s has a code of the spec and says what to do', (code) => {
    const { status, body } = toWireError(new DomainError(code, 'what happened'), 'id');
    const [error] = body.errors;
    expect(CODES).toContain(error?.code);
    expect(error?.detail).toMatchObject({ requestId: 'id', hint: /./ });
    expect(error?.message === 'what happened').toBe(status < 500);
  });

  it('lets the error`s own hint go first', () => {
    const error = new DomainError('digest-invalid', 'm', { hint: 'own', digest: 'x' });
    const detail = { hint: 'own', digest: 'x', requestId: 'id' };
    expect(toWireError(error, 'id').body.errors[0]?.detail).toEqual(detail);
  });

  it('cannot be made to show another request id', () => {
    const error = new DomainError('digest-invalid', 'm', { requestId: 'other' });
    expect(toWireError(error, 'id').body.errors[0]?.detail['requestId']).toBe('id');
  });

  it.each([
    new Error('SQLITE_CORRUPT in /var/lib/secret'),
    new DomainError('no-such-code', 'secret'),
    new DomainError('toString', 'secret'),
    new DomainError('blob-file-missing', 'secret', { path: '/secret' }),
    'secret',
    undefined,
    null,
  ])('tells nothing of %s', (error) => {
    const { status, body } = toWireError(error, 'id');
    expect(status).toBe(500);
    expect(body.errors[0]?.code).toBe('UNKNOWN');
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('sends the headers of the error, and when to come back', () => {
    const refusal = new RegistryError('method-not-allowed', 'm', {}, { Allow: 'GET' });
    expect(toWireError(refusal, 'id').headers).toEqual({ Allow: 'GET' });
    expect(toWireError(new DomainError('upload-busy', 'm'), 'id').headers['Retry-After']).toBe('1');
  });
});
