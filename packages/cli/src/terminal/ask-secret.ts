// A password that a person types at the terminal; nothing of it is shown.
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

export interface SecretTerminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

/** Undefined when nobody sits there. */
export async function askSecret(
  question: string,
  { input, output }: SecretTerminal,
): Promise<string | undefined> {
  if (!input.isTTY || !output.isTTY) return undefined;
  output.write(question);
  // What readline would echo goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    output.write('\n');
  }
}
