// Certificates for tests that only look at them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export async function selfSignedPem(name: string): Promise<string> {
  const make = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name}`;
  const args = [...make.split(' '), '-keyout', '/dev/null'];
  const { stdout } = await promisify(execFile)('/usr/bin/openssl', args);
  return stdout;
}
