// A running server with people in it: the team `crew` owns the private namespace `crew-apps`, and a
// stranger has an account but no role. Made with the command line, as an administrator would.
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { runOrThrow, words } from './run-command.ts';
import { type Portolan, type PortolanOptions, startPortolan } from './start-portolan.ts';

export interface Person {
  readonly name: string;
  readonly password: string;
}

/** `name:password`, as most clients take it. */
export function credentials({ name, password }: Person): string {
  return `${name}:${password}`;
}

export interface Crew {
  readonly portolan: Portolan;
  /** May pull, push and delete. */
  readonly owner: Person;
  /** May pull. */
  readonly viewer: Person;
  /** May log in, and nothing else. */
  readonly stranger: Person;
  /** `127.0.0.1:port/crew-apps/<rest>` */
  reference(rest: string): string;
}

const ROOT = resolve(import.meta.dirname, '../..');

async function createPerson(portolan: Portolan, name: string): Promise<Person> {
  const password = randomBytes(18).toString('base64url');
  await runOrThrow(
    process.execPath,
    ['packages/cli/src/main.ts', 'user', 'create', name, '--password-stdin'],
    { cwd: ROOT, env: { PORTOLAN_DATA_DIR: portolan.dataDir }, input: `${password}\n` },
  );
  return { name, password };
}

async function command(portolan: Portolan, line: string): Promise<void> {
  const { code, stderr } = await portolan.cli(...words(line));
  if (code !== 0) throw new Error(`portolan ${line} ended with ${code}: ${stderr}`);
}

export async function startCrew(options?: PortolanOptions): Promise<Crew> {
  const portolan = await startPortolan(options);
  const owner = await createPerson(portolan, 'alice');
  const viewer = await createPerson(portolan, 'bob');
  const stranger = await createPerson(portolan, 'mallory');
  await command(portolan, `team create crew --owner ${owner.name}`);
  await command(portolan, `team add-member crew ${viewer.name} --role viewer`);
  await command(portolan, 'namespace create crew-apps --team crew --visibility private');
  return {
    portolan,
    owner,
    viewer,
    stranger,
    reference: (rest) => `${portolan.host}/crew-apps/${rest}`,
  };
}
