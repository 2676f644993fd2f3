// What a client reads that is not connected. Engines show no more of it than the reason in the status line,
// so that says already what is wrong; the text is for a person with curl.
import type { Socket } from 'node:net';
import { ConnectTarget } from './connect-target.ts';

export interface ConnectAnswer {
  readonly status: number;
  /** Visible ASCII and spaces. */
  readonly reason: string;
  readonly text: string;
}

/** Long enough for the answer to be read before a reset can overtake it. */
const LINGER_MS = 1000;

export const NOT_A_TARGET: ConnectAnswer = {
  status: 400,
  reason: 'Bad Request',
  text: 'CONNECT takes HOST:PORT, such as CONNECT quay.io:443, and no body.\n',
};

export const TOO_MANY: ConnectAnswer = {
  status: 503,
  reason: 'too many connections pass through here',
  text: 'Too many connections pass through here. Try again later.\n',
};

export const FAILED: ConnectAnswer = {
  status: 500,
  reason: 'Internal Server Error',
  text: 'Something went wrong; the log of the server says what.\n',
};

export function notMirrored(target: ConnectTarget): ConnectAnswer {
  const name = ConnectTarget.format(target);
  return {
    status: 403,
    reason: `${name} is not mirrored here`,
    text: `${name} is not mirrored here, and no connection to it passes.
An administrator mirrors an image of it with
  portolan mirror add ${name}/REPOSITORY --tags TAG
or lets all connections to it pass with the setting connect.pass_through.
`,
  };
}

/** Half of us is on this port, and the other half is not. */
export function ownName({ host }: ConnectTarget): ConnectAnswer {
  return {
    status: 403,
    reason: `${host} is reached directly: add it to NO_PROXY`,
    text: `${host} is reached directly, without this proxy: add it to NO_PROXY.\n`,
  };
}

export function noCertificate({ host }: ConnectTarget): ConnectAnswer {
  return {
    status: 503,
    reason: `the server has no certificate for ${host}`,
    text: `${host} is mirrored here, but this server has no certificate for it.
An administrator makes an authority that may issue one with
  portolan ca init --impersonate ${host}
besides its other names (--force-new replaces the one that there is), and clients have to trust it.
`,
  };
}

export function egressRefused(target: ConnectTarget): ConnectAnswer {
  const name = ConnectTarget.format(target);
  return {
    status: 403,
    reason: `${name} is at no address that connections pass to`,
    text: `${name} may pass, but it is at no address that this server connects to.
If it is one of yours, an administrator allows its network with mirror.allowed_networks.
`,
  };
}

export function unreachable(target: ConnectTarget): ConnectAnswer {
  const name = ConnectTarget.format(target);
  return {
    status: 502,
    reason: `${name} cannot be reached`,
    text: `${name} may pass, but it cannot be reached from here.\n`,
  };
}

/** What this port is, for whoever speaks something else than CONNECT to it. */
export function connectOnly(publicUrl: string): string {
  return `This is the CONNECT proxy of the registry ${publicUrl}. Container engines pull mirrored images through
it under their own names, with HTTPS_PROXY set to this address. It answers nothing but CONNECT HOST:PORT.
`;
}

/** The client is connected; what follows is no longer ours. */
export function establish(socket: Socket, requestId: string): void {
  socket.write(`HTTP/1.1 200 Connection established\r\nX-Request-Id: ${requestId}\r\n\r\n`);
}

/** Ends the connection with it. */
export function refuse(
  socket: Socket,
  requestId: string,
  { status, reason, text }: ConnectAnswer,
): void {
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    `X-Request-Id: ${requestId}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
  dropRest(socket);
}

/** Reads what still comes, so that closing does not reset the connection, but not for long. */
export function dropRest(socket: Socket): void {
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}
