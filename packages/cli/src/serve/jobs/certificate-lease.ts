// The lease under which certificates are renewed, by the server's job or by a command beside it.
export const CERTIFICATE_JOB = 'certificates';
export const CERTIFICATE_LEASE = `job:${CERTIFICATE_JOB}`;
export const LEASE_MS = 60_000;
